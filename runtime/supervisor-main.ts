/**
 * The background process of `echoloop up`: runs everything until SIGTERM. Its standard error is logs/supervisor.log.
 */
import { writeSync } from 'node:fs';
import { deploymentFrom } from './deployment.ts';
import { runUntilSignal, up } from './up.ts';

const log = (line: string): void => {
  try {
    writeSync(2, `${new Date().toISOString()} ${line}\n`);
  } catch {
    // A full disk loses the line; the processes are watched over all the same.
  }
};
try {
  const embedded = await up({ deployment: deploymentFrom(process.env), log });
  log('everything is up');
  await runUntilSignal(embedded);
  log('stopped');
  process.exit(0);
} catch (error) {
  log((error as Error).message);
  process.exit(4);
}
