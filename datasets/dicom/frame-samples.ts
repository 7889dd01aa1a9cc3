/** The samples of one decoded frame, whatever it was compressed with, before they mean grey levels. */
import { counted } from '../../ground/counted.ts';
import type { PixelLayout } from './pixel-layout.ts';

export type SampleArray = Uint8Array | Uint16Array;

export interface FrameSamples {
  /** As stored, signs and unused high bits not yet interpreted; rows * columns * samples numbers. */
  readonly values: SampleArray;
  readonly samples: 1 | 3;
  /** True: all of the first colour, then all of the second; false: the colours of a pixel side by side. */
  readonly isPlanar: boolean;
  /** Of three samples: true red, green and blue; false luma and two colour differences. */
  readonly isRgb: boolean;
}

/** @throws Error when the stream is not of the size that the header states */
export function checkStreamSize(
  { rows, columns }: PixelLayout,
  found: { rows: number; columns: number; samples: number },
): asserts found is { rows: number; columns: number; samples: 1 | 3 } {
  const { samples } = found;
  if (found.rows !== rows || found.columns !== columns || (samples !== 1 && samples !== 3)) {
    throw new Error(
      `expected ${rows} x ${columns} pixels, found ${found.rows} x ${found.columns} of ${counted(samples, 'sample')}`,
    );
  }
}
