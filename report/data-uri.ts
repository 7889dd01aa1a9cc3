/** Bytes inside an HTML page, so that the page needs no other file. */
export function dataUri(bytes: Uint8Array, mediaType: 'image/png' | 'image/gif'): string {
  return `data:${mediaType};base64,${Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64')}`;
}
