/** The log of a worker process. */
import pino from 'pino';
import { memoryBudgets } from '../temporal.config.ts';

/** One JSON object a line on standard error; standard output belongs to the command line's answers. */
export function openLog(name: string): pino.Logger {
  const destination = pino.destination({ fd: 2, sync: true, maxLength: memoryBudgets.waitingLogBytes });
  // A full disk must not end the work: lines wait until they can be written, and beyond a limit they are lost.
  destination.removeAllListeners('error');
  destination.on('error', () => undefined);
  return pino({ name: `echoloop-${name}`, level: process.env.ECHOLOOP_LOG_LEVEL || 'info' }, destination);
}
