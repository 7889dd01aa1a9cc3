/** What activities get from the process they run in: the one place where workers build clients. */
import { join } from 'node:path';
import type { ActivityServices } from '../activities/context.ts';
import type { Deployment } from '../runtime/deployment.ts';
import { codeVersion } from '../runtime/installation.ts';
import { sweepScratchFolders } from '../runtime/scratch-folder.ts';
import { LocalCache } from '../storage/local-cache.ts';
import { openStore } from '../storage/open-store.ts';
import { badReads } from '../storage/trusted-read.ts';
import { openLog } from './log.ts';

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
