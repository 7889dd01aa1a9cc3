/**
 * The failures that people and workflows tell apart. Domain code throws `DomainError`; whether a code is worth
 * retrying is decided once, here, so that an activity, the command line and a workflow agree.
 */

/** Bad input, bad configuration or a broken artefact: trying again gives the same answer. */
export const finalErrorCodes = [
  'ConfigInvalid',
  'DatasetInvalid',
  'GeometryMismatch',
  'LabelMapInvalid',
  'FormatUnsupported',
  'LimitExceeded',
  'CheckpointIncompatible',
  'ChecksumMismatch',
  'AccessDenied',
  'ArtefactMissing',
  'BackendMissing',
  'Diverged',
  'OutOfMemory',
  'NothingToLearn',
] as const;

/** A service or a process that failed for now: the same call may succeed later. */
export const retryableErrorCodes = [
  'StorageUnavailable',
  'OrchestratorUnavailable',
  'ComputeCrashed',
  'WorkerShutdown',
  'DiskFull',
  'VersionMismatch',
  'HostUnfit',
] as const;

export type FinalErrorCode = (typeof finalErrorCodes)[number];
export type RetryableErrorCode = (typeof retryableErrorCodes)[number];
export type ErrorCode = FinalErrorCode | RetryableErrorCode;

/**
 * A failure written for the person who reads it: the message says what was expected, what was found, where, and what
 * to do. Messages never carry patient data.
 */
export class DomainError extends Error {
  readonly code: ErrorCode;
  readonly details: Readonly<Record<string, string | number | boolean>>;

  constructor(
    code: ErrorCode,
    message: string,
    details: Readonly<Record<string, string | number | boolean>> = {},
    options?: { cause?: unknown },
  ) {
    super(message, options);
    this.name = code;
    this.code = code;
    this.details = details;
  }
}

/** The result of `read`, whose failures of the domain say first what they are about, such as a file or a key. */
export function namingOrigin<Result>(origin: string, read: () => Result): Result {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof DomainError)) throw error;
    throw new DomainError(error.code, `${origin}: ${error.message}`, error.details, { cause: error });
  }
}

/**
 * The domain's failure that an error stands for: itself, or DiskFull where the operating system says that a disk or a
 * quota is full; undefined for anything else.
 * @param file what was being written, for system errors, which name it only when opening it failed.
 */
export function domainErrorOf(error: unknown, file?: string): DomainError | undefined {
  if (error instanceof DomainError) return error;
  if (!(error instanceof Error)) return undefined;
  const { code, path, dest } = error as Error & { code?: unknown; path?: string; dest?: string };
  if (code !== 'ENOSPC' && code !== 'EDQUOT') return undefined;
  const where = file ?? dest ?? path ?? 'a file';
  const what = code === 'EDQUOT' ? 'the disk quota of this user is used up' : 'the disk is full';
  return new DomainError(
    'DiskFull',
    `${where} could not be written: ${what}. What was complete before is whole. Free some space there, or choose another place, and try again.`,
    {},
    { cause: error },
  );
}

/** True when the same call may succeed later. */
export function isRetryable(code: ErrorCode): boolean {
  return (retryableErrorCodes as readonly string[]).includes(code);
}

/**
 * Exit code of the command line: 1 the run failed, 2 usage or configuration, 3 bad data, 4 a service is not
 * reachable.
 */
export function exitCodeOf(code: ErrorCode): 1 | 2 | 3 | 4 {
  switch (code) {
    case 'ConfigInvalid':
    case 'BackendMissing':
    case 'HostUnfit':
      return 2;
    case 'DatasetInvalid':
    case 'GeometryMismatch':
    case 'LabelMapInvalid':
    case 'FormatUnsupported':
    case 'LimitExceeded':
    case 'CheckpointIncompatible':
    case 'ChecksumMismatch':
    case 'ArtefactMissing':
      return 3;
    case 'AccessDenied':
    case 'StorageUnavailable':
    case 'OrchestratorUnavailable':
      return 4;
    case 'Diverged':
    case 'OutOfMemory':
    case 'NothingToLearn':
    case 'ComputeCrashed':
    case 'WorkerShutdown':
    case 'DiskFull':
    case 'VersionMismatch':
      return 1;
  }
}
