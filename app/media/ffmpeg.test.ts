import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { readVideo } from '../../datasets/read-video.ts';
import { findFilmReader } from './ffmpeg.ts';
import { GreyStream } from './grey-stream.ts';

const text = (value: string) => new TextEncoder().encode(value);
const header = 'YUV4MPEG2 W3 H2 F25:1 Ip A1:1 Cmono\n';

describe('the stream that ffmpeg writes', () => {
  const bytes = Uint8Array.from([
    ...text(header),
    ...text('FRAME\n'),
    ...[1, 2, 3, 4, 5, 6],
    ...text('FRAME\n'),
    ...[10, 10, 10, 10, 10, 10],
  ]);

  it('gives whole frames, however it is cut into pieces', () => {
    for (const size of [1, 5, 1000]) {
      const stream = new GreyStream(() => 10);
      for (let at = 0; at < bytes.length; at += size) stream.push(bytes.subarray(at, at + size));
      const film = stream.film();
      expect(film).toMatchObject({ rows: 2, columns: 3, frameTimeMs: 40 });
      expect([...film.grey]).toEqual([1, 2, 3, 4, 5, 6, 10, 10, 10, 10, 10, 10]);
    }
  });

  it('stops one frame after the most that are allowed, and drops a frame that was cut', () => {
    const stream = new GreyStream(() => 1);
    expect(stream.push(bytes)).toBe(false);
    const cut = new GreyStream(() => 10);
    cut.push(bytes.subarray(0, bytes.length - 2));
    expect(cut.film().grey).toHaveLength(6);
  });

  it('is refused when it is another one', () => {
    expect(() => new GreyStream(() => 1).push(text('RIFF\n'))).toThrow();
    expect(() => new GreyStream(() => 0).push(text(header))).toThrow(/larger/);
    expect(() => new GreyStream(() => 1).push(new Uint8Array(5000).fill(65))).toThrow(/line/);
    expect(() => new GreyStream(() => 1).film()).toThrow(/none/);
  });
});

const filmReader = await findFilmReader(process.env);
if (filmReader === undefined) console.warn('films: skipped, no ffmpeg on the PATH or in ECHOLOOP_FFMPEG');

describe.skipIf(filmReader === undefined)('with the ffmpeg of this machine', () => {
  const folder = mkdtempSync(join(tmpdir(), 'echoloop-ffmpeg-'));
  afterAll(() => rmSync(folder, { recursive: true }));

  it.each(['avi', 'mp4', 'mkv'])('reads every frame of .%s at its rate and brightness', async (ending) => {
    const file = join(folder, `film.${ending}`);
    const source = 'color=c=white:size=64x48:rate=50:duration=0.4';
    const program = process.env.ECHOLOOP_FFMPEG ?? 'ffmpeg';
    execFileSync(program, [
      '-loglevel',
      'error',
      '-f',
      'lavfi',
      '-i',
      source,
      '-c:v',
      'mpeg4',
      '-q:v',
      '2',
      file,
    ]);
    const video = await readVideo(readFileSync(file), file, { filmReader: filmReader!, spacingMm: [1, 1] });
    expect(video).toMatchObject({ frames: 20, rows: 48, columns: 64, frameTimeMs: 20 });
    expect(Math.max(...video.intensities)).toBeGreaterThan(0.99);
  });

  it('is silent about what a damaged film made it say', async () => {
    const bytes = Uint8Array.from(Buffer.from('RIFF\0\0\0\0AVI LIST and nothing more'));
    await expect(readVideo(bytes, 'v.avi', { filmReader: filmReader!, spacingMm: [1, 1] })).rejects.toThrow(
      /cannot decode/,
    );
  });
});
