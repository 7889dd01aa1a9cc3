/**
 * What a network is written as: a state dict for PyTorch, or a graph that ONNX Runtime and others run; or, of a model
 * in the store, the linear shapes by which its segmentations are completed, for `segment --shapes`.
 */
export const exportFormats = ['safetensors', 'onnx', 'shapes'] as const;

export type ExportFormat = (typeof exportFormats)[number];
