/**
 * Tells a host's fault from an activity's: when an activity fails in a way that may be either, the host proves itself
 * again. One that cannot takes no further work, and the activity is tried again elsewhere.
 */
import { DomainError, domainErrorOf, type ErrorCode, isRetryable } from '../ground/errors.ts';

/** Wrong keys, bucket or namespace, a device that is gone, a full disk: others may have none of these. */
const MAY_BE_THE_HOSTS: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'AccessDenied',
  'BackendMissing',
  'ConfigInvalid',
  'ComputeCrashed',
  'DiskFull',
  'HostUnfit',
]);

/** Failures of a proof that say that a service is away, for this host and most likely for all. */
export const SERVICES_AWAY: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'StorageUnavailable',
  'OrchestratorUnavailable',
]);

export class HostWatch {
  readonly #prove: () => Promise<unknown>;
  readonly #listeners: (() => void)[] = [];
  #fault: DomainError | undefined;

  /** @param prove throws when the host is not fit */
  constructor(prove: () => Promise<unknown>) {
    this.#prove = prove;
  }

  /** Why the host takes no more work. */
  get fault(): DomainError | undefined {
    return this.#fault;
  }

  onFault(listener: () => void): void {
    this.#listeners.push(listener);
  }

  /**
   * What to tell Temporal of an activity's error: HostUnfit, which is tried again elsewhere, when it is this host's
   * fault or may be; else the error itself.
   */
  async judge(error: unknown): Promise<unknown> {
    const known = domainErrorOf(error);
    if (!known || !MAY_BE_THE_HOSTS.has(known.code)) return error;
    const fault = known.code === 'HostUnfit' ? known : await this.#faultNow();
    if (!fault) return error;
    if (SERVICES_AWAY.has(fault.code)) return isRetryable(known.code) ? error : unfit(known, fault);
    if (!this.#fault) {
      this.#fault = fault;
      for (const listener of this.#listeners) listener();
    }
    return unfit(known, fault);
  }

  async #faultNow(): Promise<DomainError | undefined> {
    try {
      await this.#prove();
      return undefined;
    } catch (error) {
      return domainErrorOf(error) ?? new DomainError('HostUnfit', String(error));
    }
  }
}

function unfit(error: DomainError, fault: DomainError): DomainError {
  const message = error === fault ? error.message : `${error.message} ${fault.message}`;
  return new DomainError('HostUnfit', message, error.details, { cause: error });
}
