/** The object store over S3 or anything that speaks it. */
import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  type PutObjectCommandInput,
  type S3Client,
} from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import { storeLimits } from '../temporal.config.ts';
import { BrokenAnswer, collectBody } from './s3-body.ts';
import { openS3Client, type S3Options, type StoreLimits } from './s3-client.ts';
import { s3ErrorName, s3Failure, s3Status } from './s3-failure.ts';
import type {
  ByteRange,
  GetOptions,
  ObjectStore,
  PutOptions,
  RequestOptions,
  StoredObject,
  TaggedBytes,
} from './store.ts';

/** Objects above this size go up in parts. */
const MULTIPART_BYTES = 64 * 1024 * 1024;
/** HTTP: a condition of the request did not hold; it met another request. */
const PRECONDITION_FAILED = 412;
const CONFLICT = 409;

export class S3Store implements ObjectStore {
  readonly #client: S3Client;
  readonly #bucket: string;
  readonly #limits: StoreLimits;
  /** What a message calls the store: address and bucket. */
  readonly #where: string;

  /** @throws DomainError ConfigInvalid when a certificate cannot be read. */
  constructor(options: S3Options, limits: StoreLimits = storeLimits) {
    this.#client = openS3Client(options, limits);
    this.#limits = limits;
    this.#bucket = options.bucket;
    this.#where = `bucket "${options.bucket}" at ${options.endpoint ?? `S3 in ${options.region}`}`;
  }

  async get(key: string, options: GetOptions = {}): Promise<Uint8Array | undefined> {
    return (await this.#read(key, options))?.bytes;
  }

  getTagged(key: string, options: RequestOptions = {}): Promise<TaggedBytes | undefined> {
    return this.#read(key, options);
  }

  async put(key: string, bytes: Uint8Array, options: PutOptions = {}): Promise<'written' | 'refused'> {
    const { signal, ifNoneMatch, ifMatch, contentType } = options;
    const request = {
      Bucket: this.#bucket,
      Key: key,
      Body: bytes,
      ContentType: contentType ?? 'application/octet-stream',
      ...(ifNoneMatch && { IfNoneMatch: '*' }),
      ...(ifMatch !== undefined && { IfMatch: ifMatch }),
    };
    for (let attempt = 1; ; attempt++) {
      try {
        await this.#upload(request, bytes.length, signal);
        return 'written';
      } catch (error) {
        signal?.throwIfAborted();
        if (isRefusal(error, options)) return 'refused';
        // Another request for this key is under way: whether the condition holds is known when it has ended.
        if (s3Status(error) !== CONFLICT || attempt >= this.#limits.attempts)
          throw s3Failure(`writing ${key}`, this.#where, error);
      }
      await sleep(storeLimits.pauseMs * attempt);
    }
  }

  async head(key: string, { signal }: RequestOptions = {}): Promise<StoredObject | undefined> {
    try {
      const answer = await this.#client.send(
        new HeadObjectCommand({ Bucket: this.#bucket, Key: key }),
        abortedBy(signal),
      );
      return { key, bytes: answer.ContentLength ?? 0, writtenMs: answer.LastModified?.getTime() ?? 0 };
    } catch (error) {
      signal?.throwIfAborted();
      if (s3Status(error) === 404) return undefined;
      throw s3Failure(`looking for ${key}`, this.#where, error);
    }
  }

  async *list(prefix: string, { signal }: RequestOptions = {}): AsyncIterable<StoredObject> {
    let token: string | undefined;
    do {
      const page = await this.#page(prefix, token, signal);
      for (const { Key, Size, LastModified } of page.Contents ?? [])
        yield { key: Key!, bytes: Size ?? 0, writtenMs: LastModified?.getTime() ?? 0 };
      token = page.NextContinuationToken;
    } while (token);
  }

  async delete(key: string, { signal }: RequestOptions = {}): Promise<void> {
    try {
      await this.#client.send(new DeleteObjectCommand({ Bucket: this.#bucket, Key: key }), abortedBy(signal));
    } catch (error) {
      signal?.throwIfAborted();
      if (s3ErrorName(error) === 'NoSuchKey') return;
      throw s3Failure(`deleting ${key}`, this.#where, error);
    }
  }

  /**
   * The client itself sends a request again that failed; an answer that broke off is this method's to ask for again.
   */
  async #read(key: string, { range, signal }: GetOptions): Promise<TaggedBytes | undefined> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#readOnce(key, range, signal);
      } catch (error) {
        signal?.throwIfAborted();
        const name = s3ErrorName(error);
        if (name === 'NoSuchKey' || name === 'NotFound') return undefined;
        if (!(error instanceof BrokenAnswer) || attempt >= this.#limits.attempts)
          throw s3Failure(`reading ${key}`, this.#where, error);
      }
      await sleep(storeLimits.pauseMs * attempt);
    }
  }

  async #readOnce(
    key: string,
    range: ByteRange | undefined,
    signal: AbortSignal | undefined,
  ): Promise<TaggedBytes> {
    const request = { Bucket: this.#bucket, Key: key };
    // No range of S3's has no bytes: one byte is asked for, and cut off below.
    const Range = range && `bytes=${range.start}-${range.start + Math.max(1, range.bytes) - 1}`;
    try {
      const answer = await this.#client.send(
        new GetObjectCommand({ ...request, ...(Range && { Range }) }),
        abortedBy(signal),
      );
      const bytes = await collectBody(answer.Body as Readable, {
        announcedBytes: answer.ContentLength,
        stallMs: this.#limits.stallMs,
        signal,
      });
      // A server may give the whole object where a part was asked for.
      const start = range && answer.ContentRange === undefined ? range.start : 0;
      return {
        bytes: range ? bytes.slice(start, start + range.bytes) : bytes,
        entityTag: answer.ETag ?? '',
      };
    } catch (error) {
      if (s3Status(error) === 416) return { bytes: new Uint8Array(), entityTag: '' };
      throw error;
    }
  }

  async #upload(request: PutObjectCommandInput, bytes: number, signal: AbortSignal | undefined) {
    if (bytes <= MULTIPART_BYTES) {
      await this.#client.send(new PutObjectCommand(request), abortedBy(signal));
      return;
    }
    const upload = new Upload({ client: this.#client, params: request, partSize: MULTIPART_BYTES / 4 });
    const stop = (): void => void upload.abort();
    signal?.addEventListener('abort', stop, { once: true });
    try {
      signal?.throwIfAborted();
      await upload.done();
    } finally {
      signal?.removeEventListener('abort', stop);
    }
  }

  async #page(prefix: string, token: string | undefined, signal: AbortSignal | undefined) {
    try {
      return await this.#client.send(
        new ListObjectsV2Command({
          Bucket: this.#bucket,
          Prefix: prefix,
          ...(token ? { ContinuationToken: token } : {}),
        }),
        abortedBy(signal),
      );
    } catch (error) {
      signal?.throwIfAborted();
      throw s3Failure(`listing ${prefix}`, this.#where, error);
    }
  }
}

/** Whether a condition of the write did not hold. */
function isRefusal(error: unknown, { ifMatch }: PutOptions): boolean {
  if (s3Status(error) === PRECONDITION_FAILED) return true;
  return ifMatch !== undefined && s3ErrorName(error) === 'NoSuchKey';
}

function abortedBy(signal: AbortSignal | undefined): { abortSignal?: AbortSignal } {
  return signal ? { abortSignal: signal } : {};
}
