/**
 * What differs between scanners in grey levels: curve, gain over depth, fog, sharpness, pixel size, speckle. Labels
 * stay.
 */
import type { GreyLevelAugmentation } from '../../contracts/augmentation.ts';
import type { RandomStream } from '../../ground/random.ts';
import { gaussianFilter2d } from '../../imaging/gaussian.ts';
import type { GreyVideo } from '../../imaging/image.ts';
import { gridAtSpacing, resampleGreyTo } from '../../imaging/resample.ts';
import { around, between, type EffectStreams, factorUpTo, whenDrawn } from './draws.ts';
import type { LabelledWindow } from './labelled-window.ts';
import { noiseField } from './noise-field.ts';

/** Changes the window's image in place; its values stay in [0, 1]. Contrast, gain and noise are `grey-noise.ts`. */
export function changeGreyLevels(
  window: LabelledWindow,
  config: GreyLevelAugmentation,
  streams: EffectStreams,
): void {
  const { image } = window;
  applyCurve(image, config, streams);
  const blur = whenDrawn(config.blur, streams, 'blur');
  if (blur) image.set(blurred(window, between(config.blur.widthMm, blur)));
  const coarse = whenDrawn(config.coarsePixels, streams, 'coarse pixels');
  if (coarse) image.set(coarsened(window, between(config.coarsePixels.sizeMm, coarse)));
  const speckle = whenDrawn(config.speckle, streams, 'speckle');
  if (speckle) addSpeckle(window, config.speckle, speckle);
  const haze = whenDrawn(config.haze, streams, 'haze');
  if (haze) addHaze(window, config.haze, haze);
  const gain = whenDrawn(config.depthGain, streams, 'depth gain');
  if (gain) changeDepthGain(window, around(config.depthGain.largest, gain));
}

/** Entries of the tabulated grey curve: a power a pixel would cost as much as all other changes together. */
const CURVE_STEPS = 1024;

function applyCurve(image: Float32Array, config: GreyLevelAugmentation, streams: EffectStreams): void {
  const gamma = config.gamma === 1 ? 1 : factorUpTo(config.gamma, streams('gamma'));
  const drawn = whenDrawn(config.floor, streams, 'floor');
  const floor = drawn ? between([0, config.floor.largest], drawn) : 0;
  if (gamma === 1 && floor === 0) return;
  const curve = Float32Array.from({ length: CURVE_STEPS + 2 }, (_, i) =>
    Math.max(0, ((Math.min(i, CURVE_STEPS) / CURVE_STEPS) ** gamma - floor) / (1 - floor)),
  );
  for (let i = 0; i < image.length; i++) {
    const position = image[i]! * CURVE_STEPS;
    const below = Math.floor(position);
    image[i] = curve[below]! + (position - below) * (curve[below + 1]! - curve[below]!);
  }
}

function blurred({ frames, rows, columns, spacingMm, image }: LabelledWindow, widthMm: number): Float32Array {
  const result = new Float32Array(image.length);
  const pixels = rows * columns;
  for (let start = 0; start < frames * pixels; start += pixels) {
    const frame = image.subarray(start, start + pixels);
    result.set(gaussianFilter2d(frame, rows, columns, widthMm / spacingMm, 'nearest'), start);
  }
  return result;
}

function coarsened(window: LabelledWindow, sizeMm: number): Float32Array {
  const { frames, rows, columns, spacingMm, image } = window;
  if (sizeMm <= spacingMm) return image;
  const video: GreyVideo = {
    frames,
    rows,
    columns,
    spacingMm: [spacingMm, spacingMm],
    frameTimeMs: 1,
    intensities: image,
  };
  return resampleGreyTo(resampleGreyTo(video, gridAtSpacing(video, sizeMm)), video).intensities;
}

function addSpeckle(
  window: LabelledWindow,
  { strength, sizeMm }: GreyLevelAugmentation['speckle'],
  random: RandomStream,
): void {
  const { frames, rows, columns, image } = window;
  const deviation = between(strength, random);
  const grain = between(sizeMm, random);
  const pixels = rows * columns;
  for (let t = 0; t < frames; t++) {
    const field = noiseField(window, grain, random);
    for (let i = 0; i < pixels; i++) {
      const value = image[t * pixels + i]! * (1 + deviation * field[i]!);
      image[t * pixels + i] = Math.min(1, Math.max(0, value));
    }
  }
}

/** Below this a pixel counts as outside of the sector, where there is no signal to add to. */
const OUTSIDE = 0.004;

function addHaze(
  window: LabelledWindow,
  { strength, sizeMm }: GreyLevelAugmentation['haze'],
  random: RandomStream,
): void {
  const { frames, rows, columns, image } = window;
  const most = between(strength, random);
  const field = noiseField(window, between(sizeMm, random), random);
  const pixels = rows * columns;
  // From two deviations below the mean, no fog, to two above, all of it.
  const fog = field.map((value) => most * Math.min(1, Math.max(0, 0.5 + value / 4)));
  for (let i = 0; i < frames * pixels; i++) {
    if (image[i]! > OUTSIDE) image[i] = Math.min(1, image[i]! + fog[i % pixels]!);
  }
}

function changeDepthGain({ frames, rows, columns, image }: LabelledWindow, gain: number): void {
  for (let row = 0; row < rows; row++) {
    const factor = Math.exp(gain * ((2 * (row + 0.5)) / rows - 1));
    for (let t = 0; t < frames; t++) {
      const start = (t * rows + row) * columns;
      for (let i = start; i < start + columns; i++) image[i] = Math.min(1, image[i]! * factor);
    }
  }
}
