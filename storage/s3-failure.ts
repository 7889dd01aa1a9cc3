/** What a failure of the AWS client means to the person who reads it. */
import { DomainError } from '../ground/errors.ts';

/** HTTP status of a server whose disk is full. */
const INSUFFICIENT_STORAGE = 507;

const accessProblems: ReadonlySet<string> = new Set([
  'AccessDenied',
  'InvalidAccessKeyId',
  'SignatureDoesNotMatch',
  'CredentialsProviderError',
  'ExpiredToken',
  'InvalidToken',
  '401',
  '403',
]);

/** The client sets its own clock by the server's and asks again; these are left when that did not help. */
const clockProblems: ReadonlySet<string> = new Set([
  'RequestTimeTooSkewed',
  'RequestExpired',
  'RequestInTheFuture',
]);

/**
 * @param doing such as `reading runs/a/plan.json`
 * @param where address and bucket
 */
export function s3Failure(doing: string, where: string, error: unknown): DomainError {
  const name = s3ErrorName(error);
  const cause = { cause: error };
  if (accessProblems.has(name)) {
    return new DomainError(
      'AccessDenied',
      `The object store refused ${doing} in ${where} (${name}). Check AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN, or the role of this machine, and the bucket's policy.`,
      {},
      cause,
    );
  }
  if (name === 'NoSuchBucket') {
    return new DomainError(
      'ConfigInvalid',
      `There is no ${where}. Create it, or name another one in ECHOLOOP_S3_BUCKET.`,
      {},
      cause,
    );
  }
  if (s3Status(error) === INSUFFICIENT_STORAGE) {
    return new DomainError(
      'StorageUnavailable',
      `The object store is full: ${doing} in ${where} failed (${name}). What it holds is whole. Free space on its disk; runs go on by themselves then.`,
      {},
      cause,
    );
  }
  if (clockProblems.has(name)) {
    return new DomainError(
      'StorageUnavailable',
      `The object store refused ${doing} in ${where} because its clock and that of this machine differ (${name}). Let both be set by a time server; runs go on by themselves then.`,
      {},
      cause,
    );
  }
  return new DomainError(
    'StorageUnavailable',
    `The object store did not answer while ${doing} in ${where} (${name}). Check that it runs and has free space; the address comes from ECHOLOOP_S3_ENDPOINT.`,
    {},
    cause,
  );
}

export function s3ErrorName(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const status = s3Status(error);
  // Without a body, as after HEAD, the client knows no name but "Unknown" or "UnknownError".
  if ((status === 403 || status === 401) && error.name.startsWith('Unknown')) return String(status);
  const code = (error as Error & { code?: unknown }).code;
  return typeof code === 'string' ? code : error.name;
}

export function s3Status(error: unknown): number | undefined {
  return (error as { $metadata?: { httpStatusCode?: number } }).$metadata?.httpStatusCode;
}
