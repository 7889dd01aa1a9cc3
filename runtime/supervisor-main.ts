/** The background process of `echoloop up`: runs everything until SIGTERM. Its standard error is logs/supervisor.log. */
import { deploymentFrom } from '../temporal.config.ts';
import { runUntilSignal, up } from './up.ts';

const log = (line: string): void => void process.stderr.write(`${new Date().toISOString()} ${line}\n`);
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
