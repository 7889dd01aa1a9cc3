import { describe, expect, test } from 'vitest';
import type { LabelVideo } from './image.ts';
import { type Affine, alignLabels } from './orientation.ts';

const frames = 2;
const rows = 3;
const columns = 4;
/** The picture, stored with columns along x, rows along y. */
const picture: LabelVideo = {
  frames,
  rows,
  columns,
  spacingMm: [0.5, 0.3],
  frameTimeMs: 40,
  labels: Uint8Array.from({ length: frames * rows * columns }, (_, i) => (i * i + (i >> 2)) % 3),
};
const upright: Affine = { column: [0.3, 0, 0], row: [0, 0.5, 0], third: [0, 0, 0.04], origin: [7, 8, 9] };

/** A mask with its affine onto the upright picture. */
const aligned = (video: LabelVideo, affine: Affine | undefined) =>
  alignLabels({ video, affine, name: 'm.nii' }, picture, upright);

/** The same picture stored with mirrored axes, and the affine that says so. */
function mirrored(flip: { columns?: boolean; rows?: boolean; frames?: boolean }) {
  const place = (i: number, size: number, isFlipped = false) => (isFlipped ? size - 1 - i : i);
  const labels = picture.labels.map((_, i) => {
    const line = Math.floor(i / columns);
    const t = place(Math.floor(line / rows), frames, flip.frames);
    const r = place(line % rows, rows, flip.rows);
    const c = place(i % columns, columns, flip.columns);
    return picture.labels[(t * rows + r) * columns + c]!;
  });
  const affine: Affine = {
    column: [flip.columns ? -0.3 : 0.3, 0, 0],
    row: [0, flip.rows ? -0.5 : 0.5, 0],
    third: [0, 0, flip.frames ? -0.04 : 0.04],
    origin: [7 + (flip.columns ? 0.3 * 3 : 0), 8 + (flip.rows ? 0.5 * 2 : 0), 9],
  };
  return { mask: { ...picture, labels }, affine };
}

describe('one picture in two orientations is the same picture', () => {
  for (const flip of [
    {},
    { columns: true },
    { rows: true },
    { rows: true, columns: true },
    { frames: true },
  ]) {
    test(`mirrored: ${Object.keys(flip).join(', ') || 'nothing'}`, () => {
      const { mask, affine } = mirrored(flip);
      expect(aligned(mask, affine)).toEqual(picture);
    });
  }

  test('transposed', () => {
    const labels = new Uint8Array(picture.labels.length);
    for (let t = 0; t < frames; t++) {
      for (let r = 0; r < rows; r++) {
        for (let c = 0; c < columns; c++)
          labels[(t * columns + c) * rows + r] = picture.labels[(t * rows + r) * columns + c]!;
      }
    }
    const mask: LabelVideo = { ...picture, rows: columns, columns: rows, spacingMm: [0.3, 0.5], labels };
    const affine: Affine = { ...upright, column: upright.row, row: upright.column };
    expect(aligned(mask, affine)).toEqual(picture);
  });

  test('frames known at one time alone follow their frames', () => {
    const { mask, affine } = mirrored({ frames: true });
    expect(aligned({ ...mask, annotatedFrames: [0] }, affine).annotatedFrames).toEqual([1]);
  });
});

test('mirrored directions in another place are refused, not guessed', () => {
  const { mask, affine } = mirrored({ rows: true, columns: true });
  expect(() => aligned(mask, { ...affine, origin: [0, 0, 0] })).toThrow(
    /m\.nii: .*columns reversed, rows reversed.*another place/,
  );
});

test('axes turned by some degrees are refused', () => {
  const turned: Affine = { ...upright, column: [0.25, 0.16, 0], row: [-0.27, 0.42, 0] };
  expect(() => aligned(picture, turned)).toThrow(/turned against each other/);
});

test('without an affine, and with equal directions wherever the origin lies, the stored order stays', () => {
  expect(aligned(picture, undefined)).toBe(picture);
  expect(aligned(picture, { ...upright, origin: [0, 0, 0] })).toBe(picture);
});
