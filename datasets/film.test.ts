import { expect, test } from 'vitest';
import type { FilmReader } from './film.ts';
import { limits } from './limits.ts';
import { readVideo } from './read-video.ts';

const avi = Uint8Array.from(Buffer.from('RIFF\0\0\0\0AVI LIST'));
const spacingMm = [1, 1] as const;
const film = (grey: Uint8Array, frameTimeMs: number | undefined = 20): FilmReader => ({
  decode: async () => ({ rows: 2, columns: 3, frameTimeMs, grey }),
});

test('frames, time and grey levels come from the program that decodes films', async () => {
  const filmReader = film(Uint8Array.from({ length: 12 }, (_, i) => i * 20));
  const video = await readVideo(avi, 'v.avi', { filmReader, spacingMm });
  expect(video).toMatchObject({ frames: 2, rows: 2, columns: 3, frameTimeMs: 20, spacingMm });
  expect(Math.round(video.intensities[11]! * 255)).toBe(220);
});

test('without such a program the message says what is needed', async () => {
  await expect(readVideo(avi, 'v.avi', { spacingMm })).rejects.toThrow(
    /found a film \(AVI\).*Install ffmpeg/,
  );
});

test('a film without a pixel size, without a rate, too long, or damaged is refused', async () => {
  const filmReader = film(new Uint8Array(12));
  await expect(readVideo(avi, 'v.avi', { filmReader })).rejects.toThrow(/expected a pixel size/);
  const untimed: FilmReader = {
    decode: async () => ({ rows: 2, columns: 3, frameTimeMs: undefined, grey: new Uint8Array(12) }),
  };
  await expect(readVideo(avi, 'v.avi', { filmReader: untimed, spacingMm })).rejects.toThrow(
    /time between frames/,
  );
  const long = film(new Uint8Array(6 * (limits.frames + 1)));
  await expect(readVideo(avi, 'v.avi', { filmReader: long, spacingMm })).rejects.toMatchObject({
    code: 'LimitExceeded',
  });
  const broken: FilmReader = { decode: () => Promise.reject(new Error('no stream')) };
  await expect(readVideo(avi, 'v.avi', { filmReader: broken, spacingMm })).rejects.toThrow(/cannot decode/);
});
