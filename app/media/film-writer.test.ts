import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { findFilmReader } from './ffmpeg.ts';
import { findFilmWriter } from './film-writer.ts';

const folder = mkdtempSync(join(tmpdir(), 'echoloop-films-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** A program that calls itself ffmpeg and otherwise does what the script says. */
function pretender(name: string, script: string): string {
  const file = join(folder, name);
  writeFileSync(
    file,
    `#!/bin/sh\nif [ "$1" = -version ]; then echo "ffmpeg version 0"; exit 0; fi\n${script}\n`,
  );
  chmodSync(file, 0o755);
  return file;
}

const size = { width: 34, height: 21, frameTimeMs: 40 };
const grey = (level: number) => new Uint8Array(3 * size.width * size.height).fill(level);
const film = () => [grey(30), grey(120), grey(210)];

describe('films', () => {
  it('are not written where there is no ffmpeg', async () => {
    expect(await findFilmWriter({ ECHOLOOP_FFMPEG: join(folder, 'absent') })).toBeUndefined();
  });

  it('take the second encoder where ffmpeg lacks the first, and get every picture again', async () => {
    const script =
      'case "$*" in *libx264*) echo "Unknown encoder \'libx264\'" >&2; exit 1;; esac\nfor last; do :; done\nwc -c > "$(echo "$last" | cut -c6-)"';
    const writer = await findFilmWriter({ ECHOLOOP_FFMPEG: pretender('old', script) });
    const bytes = await writer!.encode(film, size);
    expect(Number(Buffer.from(bytes).toString())).toBe(3 * grey(0).length);
  });

  it('say what ffmpeg said when it fails, though it never read its input', async () => {
    const writer = await findFilmWriter({
      ECHOLOOP_FFMPEG: pretender('broken', 'echo "no space for films" >&2; exit 7'),
    });
    const many = () => Array.from({ length: 200 }, () => grey(1));
    await expect(writer!.encode(many, size)).rejects.toThrow(/exit 7.*no space for films/);
  });
});

const filmWriter = await findFilmWriter(process.env);
const filmReader = await findFilmReader(process.env);
if (filmWriter === undefined) console.warn('films: skipped, no ffmpeg on the PATH or in ECHOLOOP_FFMPEG');

describe.skipIf(filmWriter === undefined)('with the ffmpeg of this machine', () => {
  it('a film has every picture at its time, and sides that are even', async () => {
    const bytes = await filmWriter!.encode(film, size);
    const decoded = await filmReader!.decode(bytes, 'MP4', () => 100);
    expect(decoded).toMatchObject({ rows: 22, columns: 34, frameTimeMs: 40 });
    expect(decoded.grey).toHaveLength(3 * 22 * 34);
    const middles = [0, 1, 2].map((t) => decoded.grey[(t * 22 + 10) * 34 + 17]!);
    middles.forEach((level, t) => {
      expect(Math.abs(level - [30, 120, 210][t]!)).toBeLessThan(6);
    });
  });
});
