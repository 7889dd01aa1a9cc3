/**
 * Uploads in parts whose writer was killed. The store keeps what was sent, seen by nobody, until somebody gives it up:
 * each may be a checkpoint of hundreds of megabytes.
 */
import {
  AbortMultipartUploadCommand,
  ListMultipartUploadsCommand,
  type MultipartUpload,
} from '@aws-sdk/client-s3';
import { diskBudgets, storeLimits } from '../temporal.config.ts';
import { openS3Client, type S3Options } from './s3-client.ts';
import { s3Failure } from './s3-failure.ts';

/**
 * Gives up those of the bucket that began longer ago.
 * @returns how many
 * @throws DomainError AccessDenied, StorageUnavailable
 */
export async function endAbandonedUploads(
  s3: S3Options,
  olderThanMs: number = diskBudgets.abandonedAfterMs,
): Promise<number> {
  const client = openS3Client(s3, storeLimits);
  const Bucket = s3.bucket;
  const isAbandoned = ({ Initiated }: MultipartUpload) =>
    Initiated !== undefined && Date.now() - Initiated.getTime() > olderThanMs;
  try {
    const { Uploads = [] } = await client.send(new ListMultipartUploadsCommand({ Bucket }));
    const abandoned = Uploads.filter(isAbandoned);
    for (const { Key, UploadId } of abandoned)
      await client.send(new AbortMultipartUploadCommand({ Bucket, Key: Key!, UploadId: UploadId! }));
    return abandoned.length;
  } catch (error) {
    throw s3Failure('giving up abandoned uploads', `bucket "${Bucket}"`, error);
  } finally {
    client.destroy();
  }
}
