/**
 * Process that provisions and says how it went; bootstrap.mjs runs it before every command. Quiet when nothing was
 * missing.
 */
import { deploymentFrom } from '../deployment.ts';
import { createProgress } from './progress.ts';
import { provision } from './provision.ts';

const progress = createProgress();
try {
  const { tensors, failures } = await provision(deploymentFrom(process.env), progress);
  if (tensors.state === 'unavailable') {
    progress.say(
      `Native TensorFlow is not available, so tensors run in WebAssembly, a hundred times slower or more:\n  ${tensors.why}`,
    );
  }
  // Not an end: `segment` and the unit tests need no services. What does need them stops with the same message.
  for (const failure of failures) progress.say(`An embedded service is missing: ${failure}`);
} catch (error) {
  progress.say((error as Error).message);
  process.exitCode = 2;
} finally {
  progress.close();
}
