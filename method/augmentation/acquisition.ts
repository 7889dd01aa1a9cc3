/**
 * What a scanner or a probe does to the sector: a narrower opening, dark beams. The apex is taken to be the middle of
 * the top edge.
 */
import type { AcquisitionAugmentation } from '../../contracts/augmentation.ts';
import type { RandomStream } from '../../ground/random.ts';
import { around, between, type EffectStreams, whenDrawn } from './draws.ts';
import type { LabelledWindow } from './labelled-window.ts';

const DEGREE = Math.PI / 180;

/** Changes grey levels in place; labels stay whole. */
export function changeAcquisition(
  window: LabelledWindow,
  config: AcquisitionAugmentation,
  streams: EffectStreams,
): void {
  const shadow = whenDrawn(config.shadow, streams, 'shadow');
  if (shadow) castShadow(window, config.shadow, shadow);
  const sector = whenDrawn(config.narrowSector, streams, 'narrow sector');
  if (sector) {
    const halfAngle = between(config.narrowSector.halfAngleDegrees, sector) * DEGREE;
    multiplyByAngle(window, (angle) => (Math.abs(angle) <= halfAngle ? 1 : 0));
  }
}

function castShadow(
  window: LabelledWindow,
  { withinDegrees, widthDegrees, depth }: AcquisitionAugmentation['shadow'],
  random: RandomStream,
): void {
  const middle = around(withinDegrees, random) * DEGREE;
  const width = between(widthDegrees, random) * DEGREE;
  const lost = between(depth, random);
  multiplyByAngle(window, (angle) => 1 - lost * Math.exp(-0.5 * ((angle - middle) / width) ** 2));
}

/** `factorAt` gets the angle of a beam from the downward direction, radians, positive to the right. */
function multiplyByAngle(
  { frames, rows, columns, image }: LabelledWindow,
  factorAt: (angle: number) => number,
): void {
  const pixels = rows * columns;
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const factor = factorAt(Math.atan2(column - (columns - 1) / 2, row));
      if (factor === 1) continue;
      for (let i = row * columns + column; i < frames * pixels; i += pixels) image[i]! *= factor;
    }
  }
}
