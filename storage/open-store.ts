/** The object store of a deployment. */
import type { S3Options } from './s3-client.ts';
import { S3Store } from './s3-store.ts';
import type { ObjectStore } from './store.ts';

export function openStore(deployment: { readonly s3: S3Options }): ObjectStore {
  return new S3Store(deployment.s3);
}
