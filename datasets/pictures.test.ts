import sharp from 'sharp';
import { expect, test } from 'vitest';
import { readPicture, readPictureSeries } from './pictures.ts';
import { readVideo } from './read-video.ts';

const spacingMm = [0.5, 0.5] as const;
const grey = (value: number, columns = 6) =>
  sharp(new Uint8Array(columns * 4).fill(value), { raw: { width: columns, height: 4, channels: 1 } })
    .png()
    .toBuffer();

/** Three frames of one level each, 40 ms apart. */
async function animation(): Promise<Uint8Array> {
  const pages = Buffer.concat([10, 90, 200].map((value) => Buffer.alloc(6 * 4 * 3, value)));
  return sharp(pages, { raw: { width: 6, height: 12, channels: 3, pageHeight: 4 } })
    .gif({ delay: [40, 40, 40] })
    .toBuffer();
}

test('an animation is a video with the time that it states', async () => {
  const video = await readVideo(await animation(), 'v.gif', { spacingMm });
  expect(video).toMatchObject({ frames: 3, rows: 4, columns: 6, frameTimeMs: 40, spacingMm });
  expect([0, 24, 48].map((i) => Math.round(video.intensities[i]! * 255))).toEqual([10, 90, 200]);
});

test('a series of pictures is a video with the time that is given', async () => {
  const pictures = await Promise.all([grey(10), grey(90)]);
  const read = async (i: number) => pictures[i]!;
  const video = await readPictureSeries(2, read, 'series', { spacingMm, frameTimeMs: 30 });
  expect(video).toMatchObject({ frames: 2, rows: 4, columns: 6, frameTimeMs: 30 });
  expect([0, 24].map((i) => Math.round(video.intensities[i]! * 255))).toEqual([10, 90]);
  await expect(readPictureSeries(2, read, 'series', { spacingMm })).rejects.toThrow(
    /positive time between frames/,
  );
  const mixed = [pictures[0]!, await grey(1, 8)];
  await expect(
    readPictureSeries(2, async (i) => mixed[i]!, 'series', { spacingMm, frameTimeMs: 30 }),
  ).rejects.toThrow(/series: expected pictures of one page of 4 x 6 .* found 1 of 4 x 8 .* picture 1/);
});

test('a picture of several pages is none of a series, also the first one: its other pages would be dropped', async () => {
  const pages = [await animation(), await grey(10)];
  await expect(
    readPictureSeries(2, async (i) => pages[i]!, 'series', { spacingMm, frameTimeMs: 30 }),
  ).rejects.toThrow(/found 3 of 4 x 6 of 8 in picture 0/);
});

test('sixteen bits stay sixteen bits', async () => {
  const values = Uint16Array.from({ length: 24 }, (_, i) => i * 2000);
  const file = await sharp(values, { raw: { width: 6, height: 4, channels: 1 } })
    .toColourspace('grey16')
    .png()
    .toBuffer();
  const video = await readPicture(file, 'v.png', { spacingMm });
  expect(video.facts).toMatchObject({ sourceBits: 16, distinctLevels: 24, keptLevels: 24 });
});

test.each([
  [8, 255],
  [16, 65_535],
] as const)(
  'colours of %i bits become the luma that they have in DICOM and in films',
  async (bits, white) => {
    const colours = [white, 0, 0, 0, white, 0, 0, 0, white, white, white, white];
    const pixels = bits === 8 ? Uint8Array.from(colours) : Uint16Array.from(colours);
    const file = await sharp(pixels, { raw: { width: 2, height: 2, channels: 3 } })
      .toColourspace(bits === 8 ? 'srgb' : 'rgb16')
      .png()
      .toBuffer();
    const { intensities, facts } = await readPicture(file, 'v.png', { spacingMm });
    expect(facts.sourceBits).toBe(bits);
    for (const [i, luma] of [0.299, 0.587, 0.114, 1].entries()) expect(intensities[i]).toBeCloseTo(luma, 2);
  },
);

test('without a pixel size, and damaged, they are refused', async () => {
  const file = await grey(5);
  await expect(readPicture(file, 'v.png')).rejects.toThrow(/v\.png: expected a pixel size.*--spacing-mm/);
  await expect(readPicture(file.subarray(0, 40), 'v.png', { spacingMm })).rejects.toMatchObject({
    code: 'DatasetInvalid',
  });
});
