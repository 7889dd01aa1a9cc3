"""Writes nnU-Net checkpoints with random weights, and the logits that PyTorch gives with them.

python make_nnunet_networks.py data     with dynamic-network-architectures, safetensors and PyTorch installed
"""
import sys
import numpy as np
import torch
from dynamic_network_architectures.architectures.unet import PlainConvUNet
from safetensors.torch import save_file
from torch import nn

LABELS = {'background': 0, 'lv': 1, 'myo': 2}


def write(folder, name, dimensions, strides, kernels, spacing, patch, size):
    torch.manual_seed(dimensions)
    features = [2, 4, 4]
    conv, norm = (nn.Conv3d, nn.InstanceNorm3d) if dimensions == 3 else (nn.Conv2d, nn.InstanceNorm2d)
    arguments = dict(n_stages=3, features_per_stage=features, kernel_sizes=kernels, strides=strides,
                     n_conv_per_stage=[2] * 3, n_conv_per_stage_decoder=[2] * 2, conv_bias=True,
                     norm_op_kwargs={'eps': 1e-5, 'affine': True}, dropout_op=None, dropout_op_kwargs=None,
                     nonlin_kwargs={'inplace': True})
    network = PlainConvUNet(1, conv_op=conv, norm_op=norm, nonlin=nn.LeakyReLU, num_classes=3,
                            deep_supervision=False, **arguments)
    for parameter in network.parameters():
        nn.init.normal_(parameter, 0.2 if parameter.dim() == 1 else 0, 0.4)
    network.eval()
    x = torch.randn(1, 1, *size)
    with torch.no_grad():
        logits = network(x)
    save_file({'x': x, 'logits': logits}, f'{folder}/{name}_io.safetensors')
    configuration = '3d_fullres' if dimensions == 3 else '2d'
    plans = {
        'dataset_name': 'Dataset001_Echo', 'transpose_forward': [0, 1, 2], 'transpose_backward': [0, 1, 2],
        'configurations': {configuration: {
            'spacing': spacing, 'patch_size': patch, 'batch_size': 2,
            'normalization_schemes': ['ZScoreNormalization'],
            'architecture': {
                'network_class_name': 'dynamic_network_architectures.architectures.unet.PlainConvUNet',
                'arch_kwargs': {**arguments, 'conv_op': 'torch.nn.modules.conv.Conv3d'},
            }}},
    }
    torch.save({
        'network_weights': network.state_dict(), 'optimizer_state': {'state': {}, 'param_groups': [{'lr': 0.01}]},
        'grad_scaler_state': None, 'logging': {'mean_fg_dice': [np.float64(0.5)], 'train_losses': [np.float32(1)]},
        '_best_ema': np.float64(0.9), 'current_epoch': 1000, 'trainer_name': 'nnUNetTrainer',
        'init_args': {'plans': plans, 'configuration': configuration, 'fold': 0,
                      'dataset_json': {'channel_names': {'0': 'ultrasound'}, 'labels': LABELS, 'numTraining': 4,
                                       'file_ending': '.nii.gz'}},
        'inference_allowed_mirroring_axes': tuple(range(dimensions)),
    }, f'{folder}/{name}.pth')


write(sys.argv[1], 'nnunet_3d', 3, [[1, 1, 1], [1, 2, 2], [2, 2, 2]], [[1, 3, 3], [3, 3, 3], [3, 3, 3]],
      [1.0, 1.3, 1.3], [4, 16, 16], (4, 8, 12))
write(sys.argv[1], 'nnunet_2d', 2, [[1, 1], [2, 2], [2, 2]], [[3, 3], [3, 3], [3, 3]], [1.3, 1.3], [16, 16], (8, 12))
