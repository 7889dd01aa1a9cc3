import { expect, test } from 'vitest';
import { randomStream } from '../../ground/random.ts';
import type { LabelVideo } from '../../imaging/image.ts';
import { appearanceOf } from './appearance.ts';

const SIDE = 80;

/** A ventricle of 30 x 30 pixels in a wall of 10, or without one. */
function labelled(wall: boolean): LabelVideo {
  const labels = Uint8Array.from({ length: SIDE * SIDE }, (_, i) => {
    const [r, c] = [Math.floor(i / SIDE), i % SIDE];
    const inside = (margin: number) =>
      r >= 25 - margin && r < 55 + margin && c >= 25 - margin && c < 55 + margin;
    if (inside(0)) return 1;
    return wall && inside(10) ? 2 : 0;
  });
  return { frames: 1, rows: SIDE, columns: SIDE, spacingMm: [1.3, 1.3], frameTimeMs: 30, labels };
}

/** Grey levels of their own in cavity and around it, with noise that has no correlation. */
function pictured(cavity: number, around: number) {
  const random = randomStream(1, 'test');
  const { labels, ...grid } = labelled(false);
  const intensities = Float32Array.from(labels, (label) =>
    Math.max(0, (label === 1 ? cavity : around) + 0.02 * random.normal()),
  );
  intensities[0] = 1;
  return { ...grid, intensities };
}

test('grey levels of wall and cavity are told apart, with a labelled wall and with a ring in its place', () => {
  for (const wall of [true, false]) {
    const found = appearanceOf(pictured(0.1, 0.4), labelled(wall), [0])!;
    expect(found.cavity.mean).toBeCloseTo(0.1, 2);
    expect(found.wall.mean).toBeCloseTo(0.4, 2);
    expect(found.contrast).toBeCloseTo(0.3, 2);
    expect(found.wall.deviation).toBeCloseTo(0.02, 2);
    for (const correlation of [...found.wall.correlation, ...found.cavity.correlation]) {
      expect(Math.abs(correlation)).toBeLessThan(0.12);
    }
  }
});

test('of a frame without a ventricle nothing is told', () => {
  const { labels, ...grid } = labelled(true);
  expect(
    appearanceOf(pictured(0.1, 0.4), { ...grid, labels: new Uint8Array(labels.length) }, [0]),
  ).toBeUndefined();
});
