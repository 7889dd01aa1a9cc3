/**
 * The object store as the rest of the project sees it: bytes under keys, strongly consistent, with one atomic
 * operation, "write if it is as I know it". Everything the method makes lies in one, so that workers share nothing
 * else.
 */
export interface RequestOptions {
  /** Ends the request when it is aborted; its `reason` is then thrown, untouched. */
  readonly signal?: AbortSignal | undefined;
}

export interface ByteRange {
  readonly start: number;
  readonly bytes: number;
}

export interface GetOptions extends RequestOptions {
  /** This part of the object alone; less where the object ends before. */
  readonly range?: ByteRange | undefined;
}

export interface PutOptions extends RequestOptions {
  /** Write only when the key does not exist yet (If-None-Match: *). */
  readonly ifNoneMatch?: boolean;
  /** Write only when the stored object still has this entity tag (If-Match). */
  readonly ifMatch?: string;
  readonly contentType?: string;
}

export interface StoredObject {
  readonly key: string;
  readonly bytes: number;
  /** When it was written, in ms since 1970, by the store's clock. */
  readonly writtenMs: number;
}

export interface TaggedBytes {
  readonly bytes: Uint8Array;
  readonly entityTag: string;
}

export interface ObjectStore {
  /** The object's bytes, or undefined when the key does not exist. */
  get(key: string, options?: GetOptions): Promise<Uint8Array | undefined>;
  /** The object's bytes with the entity tag that `ifMatch` takes, or undefined. */
  getTagged(key: string, options?: RequestOptions): Promise<TaggedBytes | undefined>;
  /**
   * `refused` when `ifNoneMatch` or `ifMatch` did not hold; the stored object is then left as it was. A request whose
   * answer was lost is sent again, so `refused` may also mean that this very write arrived: who depends on it looks.
   */
  put(key: string, bytes: Uint8Array, options?: PutOptions): Promise<'written' | 'refused'>;
  /** Size of the object, or undefined when the key does not exist. */
  head(key: string, options?: RequestOptions): Promise<StoredObject | undefined>;
  /** All objects whose key starts with the prefix, in key order. */
  list(prefix: string, options?: RequestOptions): AsyncIterable<StoredObject>;
  /** Removes the object; a key that does not exist is no error. */
  delete(key: string, options?: RequestOptions): Promise<void>;
}
