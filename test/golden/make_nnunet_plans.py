"""Writes data/nnunet_plans.json: plans of fingerprints by the planner of nnunetv2 itself.

python make_nnunet_plans.py data/nnunet_plans.json     with nnunetv2, its dependencies and PyTorch installed
"""
import json, os, sys
from importlib.metadata import version
for name in ('nnUNet_raw', 'nnUNet_preprocessed', 'nnUNet_results'):
    os.environ.setdefault(name, '/tmp/none')
import numpy as np
from nnunetv2.experiment_planning.experiment_planners.default_experiment_planner import ExperimentPlanner
from nnunetv2.preprocessing.resampling.default_resampling import compute_new_shape


def plan(spacings, shapes, configuration, memory_gb):
    planner = object.__new__(ExperimentPlanner)
    for key, value in dict(
        dataset_fingerprint={'spacings': spacings, 'shapes_after_crop': shapes, 'median_relative_size_after_cropping': 1.0},
        dataset_json={'channel_names': {'0': 'ultrasound'}, 'labels': {'background': 0, 'lv': 1, 'myo': 2},
                      'numTraining': len(shapes), 'file_ending': '.nii.gz'},
        anisotropy_threshold=3, UNet_base_num_features=32, UNet_reference_val_3d=560000000,
        UNet_reference_val_2d=85000000, UNet_reference_com_nfeatures=32, UNet_reference_val_corresp_GB=8,
        UNet_reference_val_corresp_bs_2d=12, UNet_reference_val_corresp_bs_3d=2, UNet_vram_target_GB=memory_gb,
        UNet_featuremap_min_edge_length=4, UNet_blocks_per_stage_encoder=(2,) * 13,
        UNet_blocks_per_stage_decoder=(2,) * 12, UNet_min_batch_size=2, UNet_max_features_2d=512,
        UNet_max_features_3d=320, max_dataset_covered=0.05, overwrite_target_spacing=None,
        suppress_transpose=False, preprocessor_name='DefaultPreprocessor', plans=None).items():
        setattr(planner, key, value)
    from dynamic_network_architectures.architectures.unet import PlainConvUNet
    planner.UNet_class = PlainConvUNet
    spacing = planner.determine_fullres_target_spacing()
    forward, _ = planner.determine_transpose()
    new_shapes = [compute_new_shape(j, i, spacing) for i, j in zip(spacings, shapes)]
    median = np.median(new_shapes, 0)
    voxels = float(np.prod(median, dtype=np.float64) * len(shapes))
    order = list(forward) if configuration == '3d_fullres' else list(forward)[1:]
    found = planner.get_plans_for_configuration(spacing[order], median[order], 'x', voxels, {})
    kwargs = found['architecture']['arch_kwargs']

    def unpick(values):
        everywhere = [1, 1, 1]
        for axis, value in zip(order, values):
            everywhere[axis] = int(value)
        return everywhere
    return {
        'fingerprint': {'spacings': spacings, 'shapes': shapes}, 'configuration': configuration,
        'memoryGb': memory_gb, 'spacing': [float(value) for value in spacing], 'medianShape': [float(v) for v in median],
        'patch': unpick(found['patch_size']), 'batch': int(found['batch_size']),
        'strides': [unpick(s) for s in kwargs['strides']], 'kernels': [unpick(s) for s in kwargs['kernel_sizes']],
        'filters': [int(f) for f in kwargs['features_per_stage']],
    }


cases = {
    'echo at 0.37 mm': ([[1, 0.37, 0.37]] * 6, [[20, 512, 448], [32, 500, 440], [18, 560, 470], [40, 512, 400], [24, 480, 448], [22, 512, 448]]),
    'coarse echo': ([[1, 1.3, 1.3]] * 5, [[30, 128, 168], [20, 120, 160], [60, 136, 176], [40, 128, 168], [36, 128, 150]]),
    'slow frames': ([[5, 0.5, 0.5], [4, 0.5, 0.5], [6, 0.6, 0.5], [5, 0.5, 0.5]], [[12, 300, 280], [10, 320, 300], [14, 280, 260], [12, 300, 300]]),
    'mixed': ([[1, 0.7, 0.7], [1, 0.9, 0.8], [2, 0.6, 0.7]], [[16, 224, 200], [25, 180, 190], [40, 256, 256]]),
    'tiny': ([[1, 3, 3]] * 4, [[8, 44, 40], [8, 48, 40], [8, 40, 44], [8, 44, 44]]),
}
golden = {'made by': {name: version(name) for name in ('nnunetv2', 'dynamic-network-architectures', 'numpy')}, 'plans': []}
for name, (spacings, shapes) in cases.items():
    for configuration, memory in (('3d_fullres', 8), ('3d_fullres', 1), ('2d', 8)):
        golden['plans'].append({'name': name, **plan(spacings, shapes, configuration, memory)})
with open(sys.argv[1], 'w') as file:
    json.dump(golden, file, separators=(',', ':'))
    file.write('\n')
