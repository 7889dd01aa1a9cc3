/** The object store over S3 or anything that speaks it. */
import {
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import { DomainError } from '../ground/errors.ts';
import type { ObjectStore, PutOptions, StoredObject } from './store.ts';

/** Objects above this size go up in parts. */
const MULTIPART_BYTES = 64 * 1024 * 1024;

export interface S3Options {
  /** http(s)://host:port; the provider's own when left out. */
  readonly endpoint?: string | undefined;
  readonly region: string;
  readonly bucket: string;
  /** With secretAccessKey; the SDK's own credential chain when both are left out. */
  readonly accessKeyId?: string | undefined;
  readonly secretAccessKey?: string | undefined;
  readonly forcePathStyle: boolean;
}

export class S3Store implements ObjectStore {
  readonly #client: S3Client;
  readonly #bucket: string;
  /** What a message calls the store: address and bucket. */
  readonly #where: string;

  constructor(options: S3Options) {
    const { accessKeyId, secretAccessKey } = options;
    this.#client = new S3Client({
      region: options.region,
      forcePathStyle: options.forcePathStyle,
      ...(options.endpoint ? { endpoint: options.endpoint } : {}),
      ...(accessKeyId && secretAccessKey ? { credentials: { accessKeyId, secretAccessKey } } : {}),
      // Digests are our own (artefacts.ts); the SDK's default checksums are refused by some S3 look-alikes.
      requestChecksumCalculation: 'WHEN_REQUIRED',
      responseChecksumValidation: 'WHEN_REQUIRED',
      maxAttempts: 5,
    });
    this.#bucket = options.bucket;
    this.#where = `bucket "${options.bucket}" at ${options.endpoint ?? `S3 in ${options.region}`}`;
  }

  async get(key: string): Promise<Uint8Array | undefined> {
    return (await this.getTagged(key))?.bytes;
  }

  async getTagged(key: string): Promise<{ bytes: Uint8Array; entityTag: string } | undefined> {
    try {
      const answer = await this.#client.send(new GetObjectCommand({ Bucket: this.#bucket, Key: key }));
      return { bytes: await answer.Body!.transformToByteArray(), entityTag: answer.ETag ?? '' };
    } catch (error) {
      if (nameOf(error) === 'NoSuchKey' || nameOf(error) === 'NotFound') return undefined;
      throw this.#failure(`reading ${key}`, error);
    }
  }

  async put(key: string, bytes: Uint8Array, options: PutOptions = {}): Promise<'written' | 'refused'> {
    const request = {
      Bucket: this.#bucket,
      Key: key,
      Body: bytes,
      ContentType: options.contentType ?? 'application/octet-stream',
      ...(options.ifNoneMatch ? { IfNoneMatch: '*' } : {}),
      ...(options.ifMatch === undefined ? {} : { IfMatch: options.ifMatch }),
    };
    try {
      if (bytes.length > MULTIPART_BYTES) {
        await new Upload({ client: this.#client, params: request, partSize: MULTIPART_BYTES / 4 }).done();
      } else {
        await this.#client.send(new PutObjectCommand(request));
      }
      return 'written';
    } catch (error) {
      if (statusOf(error) === 412 || statusOf(error) === 409) return 'refused';
      if (options.ifMatch !== undefined && nameOf(error) === 'NoSuchKey') return 'refused';
      throw this.#failure(`writing ${key}`, error);
    }
  }

  async head(key: string): Promise<StoredObject | undefined> {
    try {
      const answer = await this.#client.send(new HeadObjectCommand({ Bucket: this.#bucket, Key: key }));
      return { key, bytes: answer.ContentLength ?? 0 };
    } catch (error) {
      if (statusOf(error) === 404) return undefined;
      throw this.#failure(`looking for ${key}`, error);
    }
  }

  async *list(prefix: string): AsyncIterable<StoredObject> {
    let token: string | undefined;
    do {
      const page = await this.#page(prefix, token);
      for (const object of page.Contents ?? []) yield { key: object.Key!, bytes: object.Size ?? 0 };
      token = page.NextContinuationToken;
    } while (token);
  }

  async delete(key: string): Promise<void> {
    try {
      await this.#client.send(new DeleteObjectCommand({ Bucket: this.#bucket, Key: key }));
    } catch (error) {
      if (nameOf(error) === 'NoSuchKey') return;
      throw this.#failure(`deleting ${key}`, error);
    }
  }

  async #page(prefix: string, token: string | undefined) {
    try {
      return await this.#client.send(
        new ListObjectsV2Command({
          Bucket: this.#bucket,
          Prefix: prefix,
          ...(token ? { ContinuationToken: token } : {}),
        }),
      );
    } catch (error) {
      throw this.#failure(`listing ${prefix}`, error);
    }
  }

  #failure(doing: string, error: unknown): DomainError {
    const name = nameOf(error);
    if (accessProblems.has(name)) {
      return new DomainError(
        'AccessDenied',
        `The object store refused ${doing} in ${this.#where} (${name}). Check AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and the bucket's policy.`,
        {},
        { cause: error },
      );
    }
    if (name === 'NoSuchBucket') {
      return new DomainError(
        'ConfigInvalid',
        `There is no ${this.#where}. Create it, or name another one in ECHOLOOP_S3_BUCKET.`,
        {},
        { cause: error },
      );
    }
    if (statusOf(error) === INSUFFICIENT_STORAGE) {
      return new DomainError(
        'StorageUnavailable',
        `The object store is full: ${doing} in ${this.#where} failed (${name}). What it holds is whole. Free space on its disk; runs go on by themselves then.`,
        {},
        { cause: error },
      );
    }
    return new DomainError(
      'StorageUnavailable',
      `The object store did not answer while ${doing} in ${this.#where} (${name}). Check that it runs and has free space; the address comes from ECHOLOOP_S3_ENDPOINT.`,
      {},
      { cause: error },
    );
  }
}

/** HTTP status of a server whose disk is full. */
const INSUFFICIENT_STORAGE = 507;

const accessProblems: ReadonlySet<string> = new Set([
  'AccessDenied',
  'InvalidAccessKeyId',
  'SignatureDoesNotMatch',
  'CredentialsProviderError',
  'ExpiredToken',
  '403',
]);

function nameOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const code = (error as Error & { code?: unknown }).code;
  if (statusOf(error) === 403 && error.name === 'Unknown') return '403';
  return typeof code === 'string' ? code : error.name;
}

function statusOf(error: unknown): number | undefined {
  return (error as { $metadata?: { httpStatusCode?: number } }).$metadata?.httpStatusCode;
}
