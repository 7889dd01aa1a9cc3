"""The U-Net of method.md 3 in PyTorch (eager) at the sizes of bench/unet.ts, for ratios on the same machine.

Run where torch is installed: python bench/pytorch_unet.py. Prints one JSON object per size.
"""

import json
import time

import torch
from torch import nn

STRIDES = [(1, 1, 1), (2, 2, 1), (2, 2, 2), (2, 2, 2)]
KERNELS = [(3, 3, 1), (3, 3, 3), (3, 3, 3), (3, 3, 3)]
SIZES = [
    ("tiny: width 8, 4 stages, 96 x 96 x 4", 8, (96, 96, 4), 20),
    ("small: width 16, 4 stages, 160 x 160 x 4", 16, (160, 160, 4), 8),
]


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
    def __init__(self, width):
        super().__init__()
        filters = [min(width * 2**level, 320) for level in range(len(STRIDES))]
        levels = range(len(filters))
        self.encoder = nn.ModuleList(
            block(1 if level == 0 else filters[level - 1], filters[level], KERNELS[level], STRIDES[level])
            for level in levels
        )
        deeper = list(levels)[:0:-1]
        self.up = nn.ModuleList(
            nn.ConvTranspose3d(filters[level], filters[level - 1], STRIDES[level], STRIDES[level], bias=False)
            for level in deeper
        )
        self.decoder = nn.ModuleList(
            block(2 * filters[level - 1], filters[level - 1], KERNELS[level], (1, 1, 1)) for level in deeper
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


def best_of(repeats, run):
    run()
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        run()
        times.append(time.perf_counter() - start)
    return round(min(times) * 1000, 1)


def main():
    torch.manual_seed(0)
    for name, width, grid, repeats in SIZES:
        net = UNet(width)
        x = torch.rand(1, 1, *grid)
        on_gradient = torch.full((1, 3, *grid), 1e-4)

        def forward():
            with torch.no_grad():
                net(x)

        def forward_backward():
            net.zero_grad(set_to_none=True)
            net(x).backward(on_gradient)

        row = {"size": name, "forwardMs": best_of(repeats, forward), "forwardBackwardMs": best_of(repeats, forward_backward)}
        print(json.dumps(row))


if __name__ == "__main__":
    main()
