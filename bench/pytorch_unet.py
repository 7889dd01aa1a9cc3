"""The U-Net of method.md 3 in PyTorch (eager), the other side of bench/unet.ts, which starts it and times both in turn.

The arguments are the number of threads, the device (cpu or cuda) and, where it is to be compiled first (torch.compile),
the word compile. Reads lines "SIZE PASS" from standard input, runs the pass
once, and answers with its milliseconds by the clock and of processor time. SIZE is tiny, small or paper; PASS is forward, training
(forward with gradients) or ppo (the passes of the research code's update of a window).
"""

import sys
import time

import torch
from torch import nn

FOUR = (
    [(1, 1, 1), (2, 2, 1), (2, 2, 2), (2, 2, 2)],
    [(3, 3, 1), (3, 3, 3), (3, 3, 3), (3, 3, 3)],
)
SIX = (
    FOUR[0] + [(2, 2, 1), (2, 2, 1)],
    FOUR[1] + [(3, 3, 3), (3, 3, 3)],
)
# Width, (strides, kernels), (rows, columns, frames).
SIZES = {
    "tiny": (8, FOUR, (96, 96, 4)),
    "small": (16, FOUR, (160, 160, 4)),
    "paper": (32, SIX, (512, 448, 4)),
}
# Of the research code's window: forward passes that nothing follows, and those that a backward pass does.
PPO_FORWARD, PPO_TRAINING = 11, 8


def block(inputs, outputs, kernel, stride):
    def layer(inputs, stride):
        padding = [(k - s + 1) // 2 for k, s in zip(kernel, stride)]
        return [
            nn.Conv3d(inputs, outputs, kernel, stride, padding),
            nn.InstanceNorm3d(outputs, affine=True),
            nn.LeakyReLU(0.01, inplace=True),
        ]

    return nn.Sequential(*layer(inputs, stride), *layer(outputs, (1, 1, 1)))


class UNet(nn.Module):
    def __init__(self, width, strides, kernels):
        super().__init__()
        filters = [min(width * 2**level, 320) for level in range(len(strides))]
        levels = range(len(filters))
        self.encoder = nn.ModuleList(
            block(1 if level == 0 else filters[level - 1], filters[level], kernels[level], strides[level])
            for level in levels
        )
        deeper = list(levels)[:0:-1]
        self.up = nn.ModuleList(
            nn.ConvTranspose3d(filters[level], filters[level - 1], strides[level], strides[level], bias=False)
            for level in deeper
        )
        self.decoder = nn.ModuleList(
            block(2 * filters[level - 1], filters[level - 1], kernels[level], (1, 1, 1)) for level in deeper
        )
        self.output = nn.Conv3d(filters[0], 3, 1, bias=False)

    def forward(self, x):
        skips = []
        for stage in self.encoder:
            x = stage(x)
            skips.append(x)
        skips.pop()
        for up, stage in zip(self.up, self.decoder):
            x = stage(torch.cat([up(x), skips.pop()], 1))
        return self.output(x)


class Bench:
    def __init__(self, size, device, compiled):
        width, (strides, kernels), grid = SIZES[size]
        net = UNet(width, strides, kernels).to(device)
        self.net = torch.compile(net) if compiled else net
        self.x = torch.rand(1, 1, *grid, device=device)
        self.on_gradient = torch.full((1, 3, *grid), 1e-4, device=device)

    def forward(self):
        with torch.no_grad():
            self.net(self.x)

    def training(self):
        self.net.zero_grad(set_to_none=True)
        self.net(self.x).backward(self.on_gradient)

    def ppo(self):
        for _ in range(PPO_FORWARD):
            self.forward()
        for _ in range(PPO_TRAINING):
            self.training()


def main():
    threads, device, compiled = int(sys.argv[1]), sys.argv[2], sys.argv[3:] == ["compile"]
    torch.set_num_threads(threads)
    torch.manual_seed(0)
    benches = {}
    for line in sys.stdin:
        size, name = line.split()
        if size not in benches:
            benches = {size: Bench(size, device, compiled)}
        start, cpu_start = time.perf_counter(), time.process_time()
        getattr(benches[size], name)()
        if device == "cuda":
            torch.cuda.synchronize()
        ms, cpu_ms = (time.perf_counter() - start) * 1000, (time.process_time() - cpu_start) * 1000
        print(f"{ms:.3f} {cpu_ms:.3f}", flush=True)


if __name__ == "__main__":
    main()
