/**
 * From the samples of frames to one number a pixel: luma of colours, entries of palettes, signs and stored bits as the
 * header has them.
 */
import { lumaOf } from '../luma.ts';
import type { FrameSamples } from './frame-samples.ts';
import type { Palette } from './palette.ts';
import type { PixelLayout } from './pixel-layout.ts';

/** Bytes where the grey levels are bytes, otherwise numbers after rescale slope and intercept. */
export type GreyValues = Uint8Array | Float32Array;

export interface GreyMeaning {
  readonly layout: PixelLayout;
  /** True when the samples lie in the file as the header says, with the high bit that it states. */
  readonly isPlain: boolean;
  readonly palette: Palette | undefined;
  readonly slope: number;
  readonly intercept: number;
}

/** True when the grey levels are bytes from black 0 to white 255. */
export function areBytes({ layout, palette }: GreyMeaning): boolean {
  return palette !== undefined || (layout.bitsAllocated === 8 && !(layout.isSigned && layout.samples === 1));
}

function lumaOfRgb({ values, isPlanar }: FrameSamples, target: GreyValues): void {
  const pixels = target.length;
  const [step, next] = isPlanar ? [1, pixels] : [3, 1];
  for (let i = 0; i < pixels; i++) {
    const at = i * step;
    target[i] = lumaOf(values[at]!, values[at + next]!, values[at + 2 * next]!);
  }
}

function firstSample({ values, samples, isPlanar }: FrameSamples, target: GreyValues): void {
  const step = isPlanar ? 1 : samples;
  for (let i = 0; i < target.length; i++) target[i] = values[i * step]!;
}

function storedNumbers(
  { values }: FrameSamples,
  meaning: GreyMeaning,
  write: (i: number, value: number) => void,
) {
  const { bitsStored, highBit, isSigned } = meaning.layout;
  const shift = meaning.isPlain ? highBit + 1 - bitsStored : 0;
  const mask = 2 ** bitsStored - 1;
  const sign = isSigned ? 2 ** (bitsStored - 1) : Number.POSITIVE_INFINITY;
  for (let i = 0; i < values.length; i++) {
    const stored = (values[i]! >> shift) & mask;
    write(i, stored >= sign ? stored - 2 * sign : stored);
  }
}

/** Writes one frame, target.length pixels, as the header means it. */
export function writeGrey(frame: FrameSamples, meaning: GreyMeaning, target: GreyValues): void {
  const { palette, slope, intercept } = meaning;
  if (palette !== undefined) {
    const last = palette.luma.length - 1;
    storedNumbers(frame, meaning, (i, value) => {
      target[i] = palette.luma[Math.min(last, Math.max(0, value - palette.first))]!;
    });
  } else if (frame.samples === 3) {
    if (frame.isRgb) lumaOfRgb(frame, target);
    else firstSample(frame, target);
  } else if (target instanceof Uint8Array) {
    firstSample(frame, target);
  } else {
    storedNumbers(frame, meaning, (i, value) => {
      target[i] = slope * value + intercept;
    });
  }
}
