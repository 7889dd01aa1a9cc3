/** One rule for pixel size and frame time that are given beside the header, whatever the format of the file. */
import sharp from 'sharp';
import { describe, expect, test } from 'vitest';
import { dicomFixture } from './dicom.fixture.ts';
import { givenOver } from './given-geometry.ts';
import { metaImageFixture } from './metaimage.fixture.ts';
import { niftiFixture } from './nifti.fixture.ts';
import { readMask } from './read-mask.ts';
import { type ReadOptions, readVideo } from './read-video.ts';

const rows = 24;
const columns = 32;
const frames = 4;
/** Speckle that changes all over the picture. */
const values = Array.from(
  { length: frames * rows * columns },
  (_, i) => 40 + ((i * 37 + Math.floor(i / (rows * columns)) * 91) % 160),
);
const pixels = Uint8Array.from(values);

interface Header {
  /** [row, column]; undefined in formats and files without one. */
  readonly spacingMm: readonly [number, number] | undefined;
  readonly frameTimeMs: number | undefined;
}

const nifti = async ({ spacingMm = [0, 0], frameTimeMs = 0 }: Header) =>
  niftiFixture({
    dims: [columns, rows, frames],
    pixdim: [spacingMm[1], spacingMm[0], frameTimeMs / 1000],
    values,
  });

const metaImage = async ({ spacingMm = [0, 0], frameTimeMs = 0 }: Header) =>
  metaImageFixture({
    dims: [columns, rows, frames],
    spacing: [spacingMm[1], spacingMm[0], frameTimeMs / 1000],
    pixels,
  });

const dicom = async ({ spacingMm, frameTimeMs }: Header) =>
  dicomFixture({
    ...{ rows, columns, frames, pixels },
    ...(frameTimeMs !== undefined && { frameTime: String(frameTimeMs) }),
    ...(spacingMm && {
      regions: [
        { box: [0, 0, columns - 1, rows - 1], centimetres: [spacingMm[1] / 10, spacingMm[0] / 10] } as const,
      ],
    }),
  });

const gif = async ({ frameTimeMs = 0 }: Header) => {
  const colours = Buffer.from(values.flatMap((value) => [value, value, value]));
  const raw = { width: columns, height: rows * frames, channels: 3, pageHeight: rows } as const;
  return sharp(colours, { raw })
    .gif({ delay: Array(frames).fill(frameTimeMs) })
    .toBuffer();
};

/** The rate of a film is that of its container: read back from the bytes by the stand-in for ffmpeg. */
const film = async ({ frameTimeMs = 0 }: Header) =>
  Uint8Array.from([...Buffer.from('RIFF\0\0\0\0AVI '), frameTimeMs]);
const filmReader = {
  decode: async (bytes: Uint8Array) => ({
    ...{ rows, columns, grey: pixels },
    frameTimeMs: bytes[12] === 0 ? undefined : bytes[12],
  }),
};

const read = async (file: Uint8Array, options: ReadOptions = {}) => {
  const { spacingMm, frameTimeMs, notes } = await readVideo(file, 'v', { filmReader, ...options });
  return { spacingMm: spacingMm.map((size) => Number(size.toPrecision(5))), frameTimeMs, notes };
};

const stated: Header = { spacingMm: [0.5, 0.4], frameTimeMs: 40 };

describe.each([
  ['NIfTI', nifti],
  ['MetaImage', metaImage],
  ['DICOM', dicom],
])('pixel size of %s', (_, make) => {
  test('given ones fill in what the header lacks', async () => {
    const file = await make({ ...stated, spacingMm: undefined });
    await expect(read(file)).rejects.toThrow(/v: expected a pixel size.*--spacing-mm/);
    expect((await read(file, { spacingMm: [0.3, 0.3] })).spacingMm).toEqual([0.3, 0.3]);
  });

  test('given ones that differ from the header are refused with what to do, and count when forced', async () => {
    const file = await make(stated);
    const spacingMm = [0.3, 0.3] as const;
    const refused = expect(read(file, { spacingMm })).rejects;
    await refused.toThrow(
      /given is 0\.3 x 0\.3 mm, the header states 0\.5 x 0\.4 mm .*Leave it out \(--spacing-mm\).*--force spacing-conflict/,
    );
    await refused.toMatchObject({ code: 'DatasetInvalid', details: { reason: 'spacing-conflict' } });
    const other = read(file, { spacingMm, force: ['frame-time-conflict'] });
    await expect(other).rejects.toMatchObject({ details: { reason: 'spacing-conflict' } });
    const forced = await read(file, { spacingMm, force: ['spacing-conflict'] });
    expect(forced.spacingMm).toEqual(spacingMm);
    expect(forced.notes?.join()).toContain('what was given counts, as forced');
  });

  test('given ones that agree with the header change nothing, and say nothing', async () => {
    const { spacingMm, notes = [] } = await read(await make(stated), { spacingMm: [0.502, 0.4] });
    expect(spacingMm).toEqual([0.5, 0.4]);
    expect(notes.join()).not.toContain('given');
  });
});

describe.each([
  ['NIfTI', nifti],
  ['MetaImage', metaImage],
  ['DICOM', dicom],
  ['GIF', gif],
  ['film', film],
])('frame time of %s', (format, make) => {
  const needed: ReadOptions = format === 'GIF' || format === 'film' ? { spacingMm: [0.5, 0.4] } : {};

  test('a given one fills in what the header lacks', async () => {
    const file = await make({ ...stated, frameTimeMs: undefined });
    await expect(read(file, needed)).rejects.toThrow(/time between.*--frame-time-ms/);
    expect((await read(file, { ...needed, frameTimeMs: 30 })).frameTimeMs).toBe(30);
  });

  test('a given one that differs from the header is refused with what to do, and counts when forced', async () => {
    const file = await make(stated);
    const options = { ...needed, frameTimeMs: 30 };
    const refused = expect(read(file, options)).rejects;
    await refused.toThrow(
      /given is 30 ms, the header states 40 ms.*--frame-time-ms.*--force frame-time-conflict/,
    );
    await refused.toMatchObject({ code: 'DatasetInvalid', details: { reason: 'frame-time-conflict' } });
    const forced = await read(file, { ...options, force: ['frame-time-conflict'] });
    expect(forced.frameTimeMs).toBe(30);
    expect(forced.notes?.join()).toContain('what was given counts, as forced');
  });

  test('a given one that no heart has is refused where it is given', async () => {
    const file = await make({ ...stated, frameTimeMs: undefined });
    const given = read(file, { ...needed, frameTimeMs: 5000 });
    await expect(given).rejects.toThrow(/expected a frame time of 1 to 250 ms, found 5000 ms given/);
  });
});

test.each([
  ['NIfTI', nifti],
  ['MetaImage', metaImage],
])('seconds between slices give way to a given frame time in %s', async (_, make) => {
  expect((await read(await make({ ...stated, frameTimeMs: 1000 }), { frameTimeMs: 30 })).frameTimeMs).toBe(
    30,
  );
});

test('what a person gives and what the info file of a release says complete each other, and do not contradict', () => {
  const release = { frameTimeMs: 20 };
  expect(givenOver({ spacingMm: [1, 1] }, release, 'v')).toEqual({ spacingMm: [1, 1], frameTimeMs: 20 });
  expect(() => givenOver({ frameTimeMs: 30 }, release, 'v')).toThrow(
    /given is 30 ms, the info file of its release states 20 ms/,
  );
  const forced = { frameTimeMs: 30, force: ['frame-time-conflict'] as const };
  expect(givenOver(forced, release, 'v').frameTimeMs).toBe(30);
});

test('a mask has the frame time of its video, whatever its own header says', async () => {
  const labels = values.map((_, i) => (i % 7 === 0 ? 1 : 0));
  const mask = niftiFixture({ dims: [columns, rows, frames], pixdim: [0.4, 0.5, 0.1], values: labels });
  const video = { frames, rows, columns, spacingMm: [0.5, 0.4] as const, frameTimeMs: 40 };
  expect((await readMask(mask, 'm', video)).frameTimeMs).toBe(40);
});
