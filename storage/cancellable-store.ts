/**
 * A store whose requests end with the activity that makes them, so that nobody has to hand a signal from call to call.
 */
import { setMaxListeners } from 'node:events';
import type {
  GetOptions,
  ObjectStore,
  PutOptions,
  RequestOptions,
  StoredObject,
  TaggedBytes,
} from './store.ts';

class CancellableStore implements ObjectStore {
  readonly store: ObjectStore;
  readonly #signal: AbortSignal;

  constructor(store: ObjectStore, signal: AbortSignal) {
    this.store = store;
    this.#signal = signal;
  }

  get(key: string, options?: GetOptions): Promise<Uint8Array | undefined> {
    return this.store.get(key, this.#with(options));
  }

  getTagged(key: string, options?: RequestOptions): Promise<TaggedBytes | undefined> {
    return this.store.getTagged(key, this.#with(options));
  }

  put(key: string, bytes: Uint8Array, options?: PutOptions): Promise<'written' | 'refused'> {
    return this.store.put(key, bytes, this.#with(options));
  }

  head(key: string, options?: RequestOptions): Promise<StoredObject | undefined> {
    return this.store.head(key, this.#with(options));
  }

  list(prefix: string, options?: RequestOptions): AsyncIterable<StoredObject> {
    return this.store.list(prefix, this.#with(options));
  }

  delete(key: string, options?: RequestOptions): Promise<void> {
    return this.store.delete(key, this.#with(options));
  }

  #with<Options extends RequestOptions>(options: Options | undefined) {
    const signals = options?.signal ? [options.signal, this.#signal] : [this.#signal];
    const signal = signals.length === 1 ? this.#signal : AbortSignal.any(signals);
    return { ...options, signal } as Options & { signal: AbortSignal };
  }
}

/** The store for one activity: its requests end when the signal is aborted, and throw the signal's reason. */
export function cancelledBy(store: ObjectStore, signal: AbortSignal): ObjectStore {
  // Each request listens while it lasts, and there may be many at once: that is no leak to warn about.
  setMaxListeners(0, signal);
  return new CancellableStore(store, signal);
}

/**
 * The same store for what is done because of a cancellation, such as a last checkpoint: its requests go on, but no
 * longer than `graceMs` from now.
 */
export function outlivingCancellation(store: ObjectStore, graceMs: number): ObjectStore {
  let inner = store;
  while (inner instanceof CancellableStore) inner = inner.store;
  return new CancellableStore(inner, AbortSignal.timeout(graceMs));
}
