/**
 * The bytes of an answer, as they come: an answer that stops, or ends too early, is a broken read and never a short
 * object.
 */
import type { Readable } from 'node:stream';

/** The answer began and did not end as it should have; the same request may succeed. */
export class BrokenAnswer extends Error {
  override readonly name = 'BrokenAnswer';
}

export interface BodyLimits {
  /** Bytes that the answer announced. */
  readonly announcedBytes: number | undefined;
  /** Time without a byte after which the answer counts as broken, in ms. */
  readonly stallMs: number;
  readonly signal?: AbortSignal | undefined;
}

/** @throws BrokenAnswer, or the reason of the signal */
export async function collectBody(body: Readable, limits: BodyLimits): Promise<Uint8Array> {
  const { announcedBytes, stallMs, signal } = limits;
  const chunks: Uint8Array[] = [];
  let length = 0;
  const stop = (): void => void body.destroy(new Error('The request was cancelled.'));
  const stalled = setTimeout(() => body.destroy(new Error(`no byte for ${stallMs / 1000} s`)), stallMs);
  signal?.addEventListener('abort', stop, { once: true });
  try {
    signal?.throwIfAborted();
    for await (const chunk of body) {
      stalled.refresh();
      chunks.push(chunk as Uint8Array);
      length += (chunk as Uint8Array).length;
    }
  } catch (error) {
    signal?.throwIfAborted();
    throw new BrokenAnswer(`after ${length} bytes: ${(error as Error).message}`, { cause: error });
  } finally {
    clearTimeout(stalled);
    signal?.removeEventListener('abort', stop);
  }
  if (announcedBytes !== undefined && announcedBytes !== length)
    throw new BrokenAnswer(`${length} of ${announcedBytes} bytes came`);
  return joined(chunks, length);
}

function joined(chunks: readonly Uint8Array[], length: number): Uint8Array {
  const whole = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.length;
  }
  return whole;
}
