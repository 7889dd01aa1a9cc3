/** Pictures as an MP4 (H.264) through the ffmpeg of this machine, which gets them one by one. */
import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { DomainError } from '../../ground/errors.ts';
import { findFfmpeg } from './ffmpeg.ts';

const longestMs = 600_000;
const mostLogged = 4096;
/** Microseconds in a second: frame times are exact to one. */
const perSecond = 1_000_000;

/** Encoders by preference, with a quality that leaves outlines sharp; not every ffmpeg has the first. */
const encoders = [
  ['-c:v', 'libx264', '-preset', 'medium', '-crf', '18', '-tune', 'grain'],
  ['-c:v', 'mpeg4', '-q:v', '2'],
] as const;

export interface FilmSize {
  readonly width: number;
  readonly height: number;
  readonly frameTimeMs: number;
}

export interface FilmWriter {
  /**
   * The bytes of an MP4 file.
   * @param pictures red, green and blue bytes of each frame, row by row; asked for again for a second encoder.
   * @throws DomainError BackendMissing when ffmpeg cannot encode it.
   */
  encode(pictures: () => Iterable<Uint8Array>, size: FilmSize): Promise<Uint8Array>;
}

function ffmpegArguments({ width, height, frameTimeMs }: FilmSize, encoder: readonly string[], file: string) {
  // A rate of 0 is none; viewers show what is faster than 20 ms as they can.
  const frameTime = Math.max(1, Math.round((frameTimeMs || 40) * 1000));
  return [
    ...['-nostdin', '-hide_banner', '-loglevel', 'error'],
    ...['-f', 'rawvideo', '-pix_fmt', 'rgb24', '-video_size', `${width}x${height}`],
    ...['-framerate', `${perSecond}/${frameTime}`, '-i', 'pipe:0'],
    // Colours are kept for every second pixel, so sides are even.
    ...['-vf', 'pad=ceil(iw/2)*2:ceil(ih/2)*2,format=yuv420p', ...encoder],
    ...['-map_metadata', '-1', '-movflags', '+faststart', '-f', 'mp4', '-y', `file:${file}`],
  ];
}

async function run(program: string, args: readonly string[], pictures: Iterable<Uint8Array>): Promise<void> {
  const child = spawn(program, args, {
    stdio: ['pipe', 'ignore', 'pipe'],
    timeout: longestMs,
    killSignal: 'SIGKILL',
  });
  let log = '';
  child.stderr.on('data', (chunk: Buffer) => {
    if (log.length < mostLogged) log += chunk.toString('utf8');
  });
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  // A program that ends early closes its input; what it ended with says why.
  const [fed, code] = await Promise.allSettled([pipeline(Readable.from(pictures), child.stdin), ended]);
  if (code.status === 'rejected') throw code.reason;
  if (code.value === 0 && fed.status === 'fulfilled') return;
  throw new DomainError(
    'BackendMissing',
    `${program} could not encode the film (exit ${code.value}): ${log.slice(0, mostLogged).trim() || 'it said nothing'}. Leave mp4 out of --format, or name another ffmpeg by ECHOLOOP_FFMPEG.`,
  );
}

function ffmpegWriter(program: string): FilmWriter {
  return {
    async encode(pictures, size) {
      const folder = await mkdtemp(join(tmpdir(), 'echoloop-film-'));
      try {
        const file = join(folder, 'film.mp4');
        for (const [i, encoder] of encoders.entries()) {
          try {
            await run(program, ffmpegArguments(size, encoder, file), pictures());
            return await readFile(file);
          } catch (error) {
            const isUnknown = error instanceof DomainError && /unknown encoder/i.test(error.message);
            if (!isUnknown || i + 1 === encoders.length) throw error;
          }
        }
        throw new Error('there is no encoder');
      } finally {
        await rm(folder, { recursive: true, force: true });
      }
    },
  };
}

/** The ffmpeg that ECHOLOOP_FFMPEG names or that is on the PATH; undefined when there is none. */
export async function findFilmWriter(env: NodeJS.ProcessEnv): Promise<FilmWriter | undefined> {
  const program = await findFfmpeg(env);
  return program === undefined ? undefined : ffmpegWriter(program);
}
