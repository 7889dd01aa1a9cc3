/** The bucket of a deployment: made where it is absent and the keys allow it, and asked after by `doctor`. */
import { CreateBucketCommand, HeadBucketCommand } from '@aws-sdk/client-s3';
import { DomainError } from '../ground/errors.ts';
import { serviceLimits, storeLimits } from '../temporal.config.ts';
import { openS3Client, type S3Options } from './s3-client.ts';

function openClient(s3: S3Options) {
  return openS3Client(s3, { ...storeLimits, attempts: 2 });
}

interface ServiceFailure {
  readonly name?: string;
  readonly message?: string;
  readonly $metadata?: { readonly httpStatusCode?: number };
}

function toDomainError(error: unknown, s3: S3Options): DomainError {
  const { name, message, $metadata } = error as ServiceFailure;
  const address = s3.endpoint ?? `AWS in ${s3.region}`;
  if (
    $metadata?.httpStatusCode === 401 ||
    $metadata?.httpStatusCode === 403 ||
    name === 'CredentialsProviderError'
  ) {
    return new DomainError(
      'AccessDenied',
      `${address} refuses bucket ${s3.bucket} to these keys (${name}). Check AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN, or the role of this machine, and the bucket's policy.`,
      {},
      { cause: error },
    );
  }
  return new DomainError(
    'StorageUnavailable',
    `No S3 service answers for bucket ${s3.bucket} at ${address} (${message ?? name}). Start the embedded one with \`echoloop up\`, or set ECHOLOOP_S3_ENDPOINT to yours.`,
    {},
    { cause: error },
  );
}

/**
 * True when the bucket exists and the keys may use it, false when the service answers and has no such bucket.
 * @throws DomainError StorageUnavailable, AccessDenied
 */
export async function bucketExists(s3: S3Options): Promise<boolean> {
  const client = openClient(s3);
  try {
    await client.send(new HeadBucketCommand({ Bucket: s3.bucket }), {
      abortSignal: AbortSignal.timeout(serviceLimits.bucketMs),
    });
    return true;
  } catch (error) {
    if ((error as ServiceFailure).$metadata?.httpStatusCode === 404) return false;
    throw toDomainError(error, s3);
  } finally {
    client.destroy();
  }
}

/**
 * Makes the bucket unless it exists.
 * @throws DomainError StorageUnavailable, AccessDenied
 */
export async function ensureBucket(s3: S3Options): Promise<void> {
  if (await bucketExists(s3)) return;
  const client = openClient(s3);
  try {
    await client.send(new CreateBucketCommand({ Bucket: s3.bucket }), {
      abortSignal: AbortSignal.timeout(serviceLimits.bucketMs),
    });
  } catch (error) {
    const { name } = error as ServiceFailure;
    if (name !== 'BucketAlreadyOwnedByYou' && name !== 'BucketAlreadyExists') throw toDomainError(error, s3);
  } finally {
    client.destroy();
  }
}
