import { defineConfig } from 'vitest/config';
import { nativeEnvironment } from './runtime/native-environment.ts';

export default defineConfig({
  test: {
    include: ['**/*.test.ts'],
    exclude: ['node_modules', '.echoloop', 'dist'],
    setupFiles: ['test/property-seed.ts'],
    // Native tensors hold one device and one thread pool per process: a process per file, few at once.
    pool: 'forks',
    maxWorkers: 2,
    env: {
      ...nativeEnvironment,
      // As the command line sets it: the AWS SDK's notice about later versions is no test result.
      AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
      // One thread a process: tensors here are small, and TensorFlow's idle threads spin, which starves the other files
      // on a busy machine.
      TF_NUM_INTRAOP_THREADS: '1',
      TF_NUM_INTEROP_THREADS: '1',
      OMP_NUM_THREADS: '1',
    },
    testTimeout: 60_000,
    hookTimeout: 120_000,
  },
});
