import { deflateSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { metaImageFixture, metaImageHeader } from './metaimage.fixture.ts';
import { isMetaImage, readMetaImage } from './metaimage.ts';
import { affineOf } from './nifti-layout.ts';
import { readMask } from './read-mask.ts';

const plain = { dims: [3, 2, 2], spacing: [0.3, 0.5, 0.04] };
const twelve = Uint8Array.from({ length: 12 }, (_, i) => i * 20);

describe('pixels', () => {
  test('in one file or beside the header, plain or packed, are (columns, rows, frames)', async () => {
    const packed = new Uint8Array(deflateSync(twelve));
    const compressed = {
      ...plain,
      more: { CompressedData: 'True', CompressedDataSize: String(packed.length) },
    };
    const beside = { ...plain, dataFile: 'video.raw' };
    const readSibling = async (name: string) => (name === 'video.raw' ? twelve : undefined);
    for (const [file, options] of [
      [metaImageFixture({ ...plain, pixels: twelve }), {}],
      [metaImageFixture({ ...compressed, pixels: packed }), {}],
      [metaImageHeader(beside), { readSibling }],
    ] as const) {
      expect(isMetaImage(file)).toBe(true);
      const video = await readMetaImage(file, 'v.mhd', options);
      expect(video).toMatchObject({ frames: 2, rows: 2, columns: 3, spacingMm: [0.5, 0.3], frameTimeMs: 40 });
      expect([...video.intensities].map((value) => Math.round(value * 255))).toEqual([...twelve]);
    }
  });

  test('of either byte order and any type', async () => {
    const big = new Uint8Array(24);
    twelve.forEach((value, i) => {
      big[2 * i + 1] = value;
    });
    const more = { BinaryDataByteOrderMSB: 'True' };
    const video = await readMetaImage(
      metaImageFixture({ ...plain, type: 'MET_SHORT', more, pixels: big }),
      'v',
    );
    expect(Math.round(video.intensities[11]! * 255)).toBe(220);
    expect(video.facts).toMatchObject({ sourceBits: 16, distinctLevels: 12 });
  });
});

test('whole numbers of 64 bits, as Python writes masks, and of a "long" are read', async () => {
  const target = { frames: 2, rows: 2, columns: 3, spacingMm: [0.5, 0.3] as const, frameTimeMs: 40 };
  const labels = Array.from({ length: 12 }, (_, i) => i % 3);
  for (const [type, bytes] of [
    ['MET_LONG_LONG', 8],
    ['MET_ULONG_LONG', 8],
    ['MET_LONG', 4],
    ['MET_ULONG', 4],
  ] as const) {
    const pixels = new Uint8Array(12 * bytes);
    for (const [i, label] of labels.entries()) pixels[i * bytes] = label;
    const mask = await readMask(metaImageFixture({ ...plain, type, pixels }), 'm.mha', target);
    expect([...mask.labels]).toEqual(labels);
  }
});

test('directions become those of NIfTI, x and y counted the other way round', async () => {
  const more = { TransformMatrix: '1 0 0 0 1 0 0 0 1', Offset: '10 20 30' };
  const { layout } = await readMetaImage(metaImageFixture({ ...plain, more, pixels: twelve }), 'v');
  const affine = affineOf(layout!)!;
  expect([affine.column[0], affine.row[1], affine.third![2]]).toEqual([-0.3, -0.5, 0.04]);
  expect(affine.origin).toEqual([-10, -20, 30]);
});

test('frame time of 1 s, as CAMUS has it, gives way to what is given', async () => {
  const file = metaImageFixture({ ...plain, spacing: [0.3, 0.5, 1], pixels: twelve });
  expect((await readMetaImage(file, 'v', { frameTimeMs: 20 })).frameTimeMs).toBe(20);
  expect((await readMetaImage(file, 'v')).frameTimeMs).toBe(1000);
});

test('masks are read from it too, mapped, and on the grid of their video alone', async () => {
  const pixels = Uint8Array.of(0, 1, 2, 3, 3, 0, 0, 1, 2, 3, 3, 0);
  const target = { frames: 2, rows: 2, columns: 3, spacingMm: [0.5, 0.3] as const, frameTimeMs: 40 };
  const file = metaImageFixture({ ...plain, pixels });
  const mask = await readMask(file, 'm.mhd', target, { labelMap: new Map([[3, 0]]) });
  expect([...mask.labels].slice(0, 6)).toEqual([0, 1, 2, 0, 0, 0]);
  await expect(readMask(file, 'm.mhd', target)).rejects.toThrow(/found 3/);
  await expect(
    readMask(file, 'm.mhd', { ...target, columns: 4 }, { labelMap: new Map([[3, 0]]) }),
  ).rejects.toThrow(/m\.mhd: expected the grid of its video/);
});

describe('bad files are refused', () => {
  test.each<[string, Uint8Array, RegExp]>([
    ['cut short', metaImageFixture({ ...plain, pixels: twelve.subarray(0, 5) }), /expected 12 bytes/],
    ['without its pixels', metaImageHeader({ ...plain, dataFile: 'gone.raw' }), /file beside it/],
    ['that name a path', metaImageHeader({ ...plain, dataFile: '../../etc/passwd' }), /a path or a list/],
    ['without an end of the header', new TextEncoder().encode('NDims = 3\n'), /ElementDataFile/],
    ['of another type', metaImageFixture({ ...plain, type: 'MET_STRING', pixels: twelve }), /ElementType/],
    [
      'of a type by the name of what objects have',
      metaImageFixture({ ...plain, type: 'constructor', pixels: twelve }),
      /ElementType/,
    ],
    ['of four axes', metaImageFixture({ ...plain, dims: [1, 2, 3, 2], pixels: twelve }), /expected axes/],
    ['without a size', metaImageFixture({ ...plain, dims: [0, 2, 3], pixels: twelve }), /at least one frame/],
    [
      'that expand beyond their header',
      metaImageFixture({
        ...plain,
        more: { CompressedData: 'True' },
        pixels: new Uint8Array(deflateSync(new Uint8Array(10_000_000))),
      }),
      /found more/,
    ],
  ])('%s', async (_, file, message) => {
    await expect(readMetaImage(file, 'v.mhd', { readSibling: async () => undefined })).rejects.toThrow(
      message,
    );
  });
});
