/** What a network is written as: a state dict for PyTorch, or a graph that ONNX Runtime and others run. */
export const exportFormats = ['safetensors', 'onnx'] as const;

export type ExportFormat = (typeof exportFormats)[number];
