/**
 * Films through the ffmpeg of this machine: one process a film, from a file of its own, with bounds on time and
 * memory. ffmpeg is told which container it gets and may open nothing else, so a film cannot make it read other
 * files.
 */
import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DecodedFilm, FilmContainer, FilmReader } from '../../datasets/film.ts';
import { filmLimits } from '../../temporal.config.ts';
import { GreyStream } from './grey-stream.ts';

/** Of one allocation inside ffmpeg. */
const mostAllocated = 1024 ** 3;
const mostLogged = 4096;

const demuxers: Readonly<Record<FilmContainer, string>> = {
  AVI: 'avi',
  MP4: 'mov',
  Matroska: 'matroska',
  'MPEG-TS': 'mpegts',
  'MPEG-PS': 'mpeg',
  'MPEG-2': 'mpegvideo',
  'H.264': 'h264',
  HEVC: 'hevc',
};

/** How each frame is passed on once, neither doubled nor left out: named so since ffmpeg 5.1, and before. */
const everyFrame = [
  ['-fps_mode', 'passthrough'],
  ['-vsync', 'passthrough'],
] as const;

function ffmpegArguments(file: string, container: FilmContainer, passing: readonly string[]): string[] {
  return [
    ...['-nostdin', '-hide_banner', '-loglevel', 'error', '-max_alloc', String(mostAllocated)],
    ...['-protocol_whitelist', 'file', '-f', demuxers[container], '-i', `file:${file}`],
    ...['-map', '0:v:0', ...passing, '-vf', 'scale=out_range=full,format=gray'],
    ...['-strict', '-1', '-f', 'yuv4mpegpipe', 'pipe:1'],
  ];
}

/** True when the program answers as ffmpeg does. */
async function answers(program: string): Promise<boolean> {
  return new Promise((resolve) => {
    const child = spawn(program, ['-version'], { stdio: ['ignore', 'pipe', 'ignore'] });
    let text = '';
    child.stdout.on('data', (chunk: Buffer) => {
      if (text.length < mostLogged) text += chunk.toString('latin1');
    });
    child.once('error', () => resolve(false));
    child.once('close', (code) => resolve(code === 0 && text.startsWith('ffmpeg version')));
  });
}

class FfmpegFailed extends Error {}

function run(program: string, args: readonly string[], stream: GreyStream): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    let log = '';
    let stopped: Error | undefined;
    const stop = (why: Error) => {
      stopped ??= why;
      child.kill('SIGKILL');
    };
    const timer = setTimeout(() => stop(new FfmpegFailed('it took too long')), filmLimits.decodeMs);
    child.stderr.on('data', (chunk: Buffer) => {
      if (log.length < mostLogged) log += chunk.toString('utf8');
    });
    child.stdout.on('data', (chunk: Buffer) => {
      try {
        if (stopped === undefined && !stream.push(chunk)) child.kill('SIGKILL');
      } catch (error) {
        stop(error as Error);
      }
    });
    child.once('error', (error) => {
      clearTimeout(timer);
      reject(error);
    });
    child.once('close', (code) => {
      clearTimeout(timer);
      if (stopped) reject(stopped);
      else if (code === 0 || stream.isFull) resolve();
      else reject(new FfmpegFailed(log.slice(0, mostLogged)));
    });
  });
}

interface ProgramFilmReader extends FilmReader {
  readonly program: string;
}

/** A reader of films by the given program. */
export function filmReaderOf(program: string): FilmReader {
  const reader: ProgramFilmReader = {
    program,
    async decode(film, container, mostFrames): Promise<DecodedFilm> {
      const folder = await mkdtemp(join(tmpdir(), 'echoloop-film-'));
      try {
        const file = join(folder, 'film');
        await writeFile(file, film, { mode: 0o600 });
        for (const [i, passing] of everyFrame.entries()) {
          const stream = new GreyStream(mostFrames);
          try {
            await run(program, ffmpegArguments(file, container, passing), stream);
            return stream.film();
          } catch (error) {
            const isOlder = error instanceof FfmpegFailed && error.message.includes('fps_mode');
            if (!isOlder || i + 1 === everyFrame.length) throw error;
          }
        }
        throw new FfmpegFailed('no way to pass every frame on');
      } finally {
        await rm(folder, { recursive: true, force: true });
      }
    },
  };
  return reader;
}

/** The program of a reader that `filmReaderOf` made, by which a thread can make its own; undefined for others. */
export function programOf(reader: FilmReader): string | undefined {
  return (reader as Partial<ProgramFilmReader>).program;
}

/** The ffmpeg that ECHOLOOP_FFMPEG names or that is on the PATH; undefined when there is none. */
export async function findFfmpeg(env: NodeJS.ProcessEnv): Promise<string | undefined> {
  // An empty variable is one that is not set.
  const program = env.ECHOLOOP_FFMPEG || 'ffmpeg';
  return (await answers(program)) ? program : undefined;
}

/** A reader of films by that ffmpeg; undefined when there is none. */
export async function findFilmReader(env: NodeJS.ProcessEnv): Promise<FilmReader | undefined> {
  const program = await findFfmpeg(env);
  return program === undefined ? undefined : filmReaderOf(program);
}
