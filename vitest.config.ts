import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['**/*.test.ts'],
    exclude: ['node_modules', '.echoloop'],
    // Native tensors hold one device and one thread pool per process: a process per file, few at once.
    pool: 'forks',
    maxWorkers: 2,
    // As the command line sets them: TensorFlow's remarks and the AWS SDK's notice about later versions are no test result.
    env: { TF_CPP_MIN_LOG_LEVEL: '2', AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true' },
    testTimeout: 60_000,
    hookTimeout: 120_000,
  },
});
