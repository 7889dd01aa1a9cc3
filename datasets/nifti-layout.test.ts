import { describe, expect, test } from 'vitest';
import { niftiFixture } from './nifti.fixture.ts';
import { readAlignedLabels, readGreyNifti, readLabelFile, writeGreyNifti, writeLabelNifti } from './nifti.ts';
import { affineOf, type NiftiLayout, plainLayout, readLayout, writeHeader } from './nifti-layout.ts';

const video = { frames: 2, rows: 3, columns: 4, spacingMm: [0.5, 0.3] as const, frameTimeMs: 40 };
const labels = Uint8Array.from({ length: 24 }, (_, i) => (i * i) % 3);
const plain = plainLayout(video);

const layouts: Readonly<Record<string, NiftiLayout>> = {
  plain,
  'LPS with an origin': { ...plain, sform: [-0.3, 0, 0, 50.5, 0, -0.5, 0, 20.25, 0, 0, 1, 0] },
  'a quaternion alone': {
    ...plain,
    sformCode: 0,
    qformCode: 1,
    quaternion: [0, 0, 1, 3, 4, 5],
    pixDims: [-1, 0.3, 0.5, 0.04, 0, 0, 0, 0],
  },
  'four axes': {
    ...plain,
    dims: [4, 4, 3, 1, 2, 1, 1, 1],
    pixDims: [1, 0.3, 0.5, 9, 0.04, 0, 0, 0],
  },
  'metres and milliseconds': { ...plain, units: 1 | 16, pixDims: [1, 0.0003, 0.0005, 40, 0, 0, 0, 0] },
  'NIfTI-2 with doubles': { ...plain, version: 2, sform: [1 / 3, 0, 0, 0.1, 0, 1 / 7, 0, 0.2, 0, 0, 1, 0] },
};

describe('a mask has axes, affine and units of its video', () => {
  for (const [name, layout] of Object.entries(layouts)) {
    test(name, () => {
      const source = readGreyNifti(
        writeGreyNifti({ ...video, intensities: Float32Array.from(labels) }, 'uint8', layout),
        'video',
      );
      const mask = readLabelFile(writeLabelNifti({ ...video, labels }, source.layout), 'mask');
      expect(mask.layout).toEqual(source.layout);
      const { intensities: _, facts: __, layout: ___, ...geometry } = source;
      expect(mask.labels).toEqual({ ...geometry, labels });
    });
  }
});

test('headers of either version and byte order give the layout that was written', () => {
  for (const layout of Object.values(layouts)) {
    const header = writeHeader(layout, { type: 2, bits: 8 });
    const read = readLayout(header, layout.version, true);
    expect(writeHeader(read, { type: 2, bits: 8 })).toEqual(header);
  }
  const big = niftiFixture({ dims: [4, 3, 2], pixdim: [0.5, 0.25, 2], bigEndian: true, values: [] });
  expect(readLayout(big, 1, false)).toMatchObject({
    dims: [3, 4, 3, 2, 1, 1, 1, 1],
    pixDims: [1, 0.5, 0.25, 2, 0, 0, 0, 0],
  });
});

test('the affine is the sform, else the quaternion, else unknown', () => {
  expect(affineOf(layouts['LPS with an origin']!)).toMatchObject({
    column: [-0.3, 0, 0],
    origin: [50.5, 20.25, 0],
  });
  const turned = affineOf(layouts['a quaternion alone']!)!;
  // Half a turn about z.
  expect(turned.column[0]).toBeCloseTo(-0.3);
  expect(turned.row[1]).toBeCloseTo(-0.5);
  expect(turned.third![2]).toBeCloseTo(-0.04);
  expect(turned.origin).toEqual([3, 4, 5]);
  expect(affineOf({ ...plain, sformCode: 0 })).toBeUndefined();
  expect(affineOf(layouts['four axes']!)!.third).toBeUndefined();
});

test('one mask in two orientations is read as one', () => {
  const lps = layouts['LPS with an origin']!;
  const ras: NiftiLayout = { ...plain, sform: [0.3, 0, 0, 49.6, 0, 0.5, 0, 19.25, 0, 0, 1, 0] };
  const turned = labels.map((_, i) => {
    const [t, r, c] = [Math.floor(i / 12), Math.floor((i % 12) / 4), i % 4];
    return labels[t * 12 + (2 - r) * 4 + (3 - c)]!;
  });
  const target = { ...video, layout: lps };
  const same = readAlignedLabels(writeLabelNifti({ ...video, labels }, lps), 'same', target);
  const other = readAlignedLabels(writeLabelNifti({ ...video, labels: turned }, ras), 'other', target);
  expect([...same.labels]).toEqual([...labels]);
  expect([...other.labels]).toEqual([...labels]);
});

test('labels of another convention are mapped', () => {
  const atria = Uint8Array.of(0, 1, 2, 3);
  const file = writeLabelNifti({ ...video, frames: 1, rows: 2, columns: 2, labels: atria });
  expect(() => readLabelFile(file, 'm')).toThrow(/found 3 \(1 pixel,.*--labels-map/);
  expect([...readLabelFile(file, 'm', { labelMap: new Map([[3, 0]]) }).labels.labels]).toEqual([0, 1, 2, 0]);
});
