/** What a stored file of weights says that it is: `kind` in the metadata of its safetensors header. */

const PREFIX_BYTES = 8;

/** Undefined for bytes that are no safetensors file, and for one that does not say. */
export function kindOf(bytes: Uint8Array): string | undefined {
  if (bytes.length < PREFIX_BYTES) return undefined;
  const headerBytes = new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true);
  if (headerBytes > bytes.length - PREFIX_BYTES) return undefined;
  const text = new TextDecoder().decode(bytes.subarray(PREFIX_BYTES, PREFIX_BYTES + Number(headerBytes)));
  try {
    const kind: unknown = JSON.parse(text)?.__metadata__?.kind;
    return typeof kind === 'string' ? kind : undefined;
  } catch {
    return undefined;
  }
}
