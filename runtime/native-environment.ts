/**
 * What TensorFlow and CUDA read from the environment when their libraries are loaded. It stays where the user has set
 * it: tests and programs begin with the same.
 */
export const nativeEnvironment: Readonly<Record<string, string>> = {
  TF_CPP_MIN_LOG_LEVEL: '2',
  // A GPU is shared with other processes: TensorFlow would take all of its memory at once.
  TF_FORCE_GPU_ALLOW_GROWTH: 'true',
  // Runs must be repeatable to the last bit: no sums in the order in which threads come, no algorithm chosen by a
  // stopwatch.
  TF_DETERMINISTIC_OPS: '1',
  TF_CUDNN_DETERMINISTIC: '1',
  // Whole float32, as on a processor: tensor cores would round every factor to ten bits, an error of a hundredth in a
  // logit.
  NVIDIA_TF32_OVERRIDE: '0',
};
