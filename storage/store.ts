/**
 * The object store as the rest of the project sees it: bytes under keys, strongly consistent, with one atomic operation,
 * "write if nothing is there". Everything the method makes lies in one, so that workers share nothing else.
 */
export interface PutOptions {
  /** Write only when the key does not exist yet (If-None-Match: *). */
  readonly ifNoneMatch?: boolean;
  /** Write only when the stored object still has this entity tag (If-Match). */
  readonly ifMatch?: string;
  readonly contentType?: string;
}

export interface StoredObject {
  readonly key: string;
  readonly bytes: number;
}

export interface ObjectStore {
  /** The object's bytes, or undefined when the key does not exist. */
  get(key: string): Promise<Uint8Array | undefined>;
  /** The object's bytes with the entity tag that `ifMatch` takes, or undefined. */
  getTagged(key: string): Promise<{ bytes: Uint8Array; entityTag: string } | undefined>;
  /** `refused` when `ifNoneMatch` or `ifMatch` did not hold; the stored object is then left as it was. */
  put(key: string, bytes: Uint8Array, options?: PutOptions): Promise<'written' | 'refused'>;
  /** Size of the object, or undefined when the key does not exist. */
  head(key: string): Promise<StoredObject | undefined>;
  /** All objects whose key starts with the prefix, in key order. */
  list(prefix: string): AsyncIterable<StoredObject>;
  /** Removes the object; a key that does not exist is no error. */
  delete(key: string): Promise<void>;
}
