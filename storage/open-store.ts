/** The object store of a deployment. */
import type { Deployment } from '../temporal.config.ts';
import { S3Store } from './s3-store.ts';
import type { ObjectStore } from './store.ts';

export function openStore(deployment: Deployment): ObjectStore {
  return new S3Store(deployment.s3);
}
