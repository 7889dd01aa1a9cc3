/**
 * What travels through Temporal instead of data: the key of an object in the store with its digest.
 */
import { z } from 'zod';

export const ArtefactRefSchema = z.strictObject({
  /** Key in the bucket, such as `runs/night-12/iter-01/policy.safetensors`. */
  key: z.string().min(1),
  /** Lower-case hexadecimal SHA-256 of the object's bytes. */
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  bytes: z.int().min(0),
});

export type ArtefactRef = Readonly<z.infer<typeof ArtefactRefSchema>>;
