/** What activities get from the process they run in: the one place where workers build clients. */
import { join } from 'node:path';
import pino from 'pino';
import type { ActivityServices } from '../activities/context.ts';
import type { Deployment } from '../runtime/deployment.ts';
import { codeVersion } from '../runtime/installation.ts';
import { sweepScratchFolders } from '../runtime/scratch-folder.ts';
import { LocalCache } from '../storage/local-cache.ts';
import { openStore } from '../storage/open-store.ts';
import { badReads } from '../storage/trusted-read.ts';
import { memoryBudgets } from '../temporal.config.ts';

/** Store, cache and log of a worker process. */
export function openServices(deployment: Deployment, name: string): ActivityServices {
  const store = openStore(deployment);
  sweepScratchFolders();
  const log = openLog(name);
  // One is nothing; many of them are a network or a memory that is failing.
  badReads.subscribe((message) => log.warn(message, 'an object was read wrong, and is read again'));
  return {
    store,
    cache: new LocalCache(store, join(deployment.home, 'cache'), deployment.artefactCacheBytes),
    codeVersion: codeVersion(),
    log,
  };
}

/** One JSON object a line on standard error; standard output belongs to the command line's answers. */
export function openLog(name: string): pino.Logger {
  const destination = pino.destination({ fd: 2, sync: true, maxLength: memoryBudgets.waitingLogBytes });
  // A full disk must not end the work: lines wait until they can be written, and beyond a limit they are lost.
  destination.removeAllListeners('error');
  destination.on('error', () => undefined);
  return pino({ name: `echoloop-${name}`, level: process.env.ECHOLOOP_LOG_LEVEL || 'info' }, destination);
}
