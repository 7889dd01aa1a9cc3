import { expect, it } from 'vitest';
import { withInferredAnnotation } from '../../imaging/annotation.ts';
import type { LabelVideo } from '../../imaging/image.ts';
import { measuresOf } from './scored-video.ts';

/** A ventricle of so many columns in each frame, without or with a wall beside it. */
function loop(widths: readonly number[], wall = false): LabelVideo {
  const labels = Uint8Array.from({ length: widths.length * 400 }, (_, i) => {
    const [frame, row, column] = [Math.floor(i / 400), Math.floor((i % 400) / 20), i % 20];
    if (row < 5 || row >= 15) return 0;
    return column < widths[frame]! ? 1 : wall && column < widths[frame]! + 2 ? 2 : 0;
  });
  return { frames: widths.length, rows: 20, columns: 20, spacingMm: [1, 1], frameTimeMs: 50, labels };
}

const of = (reference: LabelVideo | undefined, labels: LabelVideo) =>
  measuresOf(
    { id: 'v', patient: 'v', image: { ...labels, intensities: new Float32Array() }, reference },
    labels,
  );

it('scores the ventricle alone where the reference has nothing else, at its largest and smallest too', () => {
  const found = of(withInferredAnnotation(loop([10, 14, 8, 10])), loop([10, 7, 8, 10], true));
  expect(found.lvDiceAtEd).toBeCloseTo((2 * 7) / (7 + 14), 9);
  expect(found.lvDiceAtEs).toBe(1);
  expect(found.lvDice).toBeCloseTo((2 * 35) / (35 + 42), 9);
  for (const absent of ['myoDice', 'dice', 'cornerMm', 'mistakesPerCycle'])
    expect(found).not.toHaveProperty(absent);
});

it('scores everything where the reference has it, and validity alone without one', () => {
  const whole = loop([10, 14], true);
  expect(of(whole, whole)).toMatchObject({ dice: 1, myoDice: 1, hausdorffMm: 0 });
  const alone = of(undefined, whole);
  expect(Object.keys(alone).sort()).toEqual(
    [
      'anatomicallyValid',
      'flaggedFrames',
      'invalidFrames',
      'temporallyValid',
      'temporallyValidAtFrameRate',
    ].sort(),
  );
});

it('counts frames without corners as 20 mm, and no corner as farther', () => {
  // Corners are where a ventricle touches wall and background; without a wall there are none.
  const reference = loop([8, 8, 8], true);
  expect(of(reference, reference).cornerMm).toBe(0);
  expect(of(reference, loop([8, 8, 8])).cornerMm).toBe(20);
});
