/**
 * Everything that a clone needs beyond npm packages, got side by side: native TensorFlow, the Temporal server, the S3
 * server.
 */
import type { Deployment } from '../deployment.ts';
import { ensureBinary, type FoundBinary } from './binaries.ts';
import { cacheFolder } from './cache-folder.ts';
import type { Progress } from './progress.ts';
import { s3Binary } from './s3.ts';
import { temporalBinary } from './temporal.ts';
import { ensureTensorFlow, type TensorSetup } from './tensorflow.ts';

export interface Provisioned {
  readonly tensors: TensorSetup;
  /** Undefined where the environment names a service that runs elsewhere, or when `failures` says why there is none. */
  readonly temporal?: FoundBinary;
  readonly s3?: FoundBinary;
  readonly failures: readonly string[];
}

/** Gets what is missing. Does not throw for what cannot be had: the result says it. */
export async function provision(deployment: Deployment, progress: Progress): Promise<Provisioned> {
  const cache = cacheFolder();
  const failures: string[] = [];
  const attempt = async (work: () => Promise<FoundBinary>): Promise<FoundBinary | undefined> => {
    try {
      return await work();
    } catch (error) {
      failures.push((error as Error).message);
      return undefined;
    }
  };
  // The Go builds follow each other: together they would only share the processors, while the downloads run beside
  // them.
  const services = async (): Promise<{ temporal?: FoundBinary; s3?: FoundBinary }> => {
    const s3 = deployment.s3.endpoint
      ? undefined
      : await attempt(() => ensureBinary(s3Binary, cache, progress));
    const temporal = deployment.temporal.address
      ? undefined
      : await attempt(() => ensureBinary(temporalBinary, cache, progress));
    return { ...(temporal && { temporal }), ...(s3 && { s3 }) };
  };
  const [tensors, binaries] = await Promise.all([ensureTensorFlow(cache, progress), services()]);
  return { tensors, ...binaries, failures };
}
