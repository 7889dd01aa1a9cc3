/**
 * What travels through Temporal instead of data: the key of an object in the store with its digest.
 */
export interface ArtefactRef {
  /** Key in the bucket, such as `runs/night-12/iter-01/policy.safetensors`. */
  readonly key: string;
  /** Lower-case hexadecimal SHA-256 of the object's bytes. */
  readonly sha256: string;
  readonly bytes: number;
}
