/**
 * What a training window costs: prepared anew from its file, read as a whole prepared video, and read as the chunks of
 * the window (one a frame) from a real S3 server, from the cache of the machine and from memory. A video of 60 frames
 * of 512 x 448 pixels, windows of 4 frames drawn at random.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type ActivityContext, contextOf } from '../activities/context.ts';
import { preparedVideo, wholePreparedVideo } from '../activities/videos/prepared-frames.ts';
import { prepareVideo } from '../activities/videos/prepared-video.ts';
import { TrainingVideos } from '../activities/videos/training-videos.ts';
import { textTable } from '../cli/text/text-table.ts';
import { RunConfigSchema } from '../contracts/run-config.ts';
import { writeGreyNifti } from '../datasets/nifti.ts';
import { randomStream } from '../ground/random.ts';
import { deploymentFrom } from '../runtime/deployment.ts';
import { startEmbedded } from '../runtime/services/embedded.ts';
import { writeArtefact } from '../storage/artefacts.ts';
import { datasetKeys } from '../storage/keys.ts';
import { LocalCache } from '../storage/local-cache.ts';
import { S3Store } from '../storage/s3-store.ts';
import type { GetOptions } from '../storage/store.ts';
import { benchOptions, wholeNumber } from './shared/bench-options.ts';

const [FRAMES, ROWS, COLUMNS] = [60, 512, 448];
const WINDOW_FRAMES = 4;
const [DATASET, VIDEO] = ['bench', 'video'];
const MEGABYTE = 1e6;
const GIGABYTE = 1e9;

export interface WindowReadRow {
  readonly how: string;
  readonly windows: number;
  /** Out of the store, for one window on average. */
  readonly bytesPerWindow: number;
  readonly msPerWindow: number;
}

class CountingStore extends S3Store {
  readBytes = 0;

  override async get(key: string, options?: GetOptions): Promise<Uint8Array | undefined> {
    const bytes = await super.get(key, options);
    this.readBytes += bytes?.length ?? 0;
    return bytes;
  }
}

export async function benchWindowReads(windows: number): Promise<WindowReadRow[]> {
  const home = await mkdtemp(join(tmpdir(), 'echoloop-window-reads-'));
  const embedded = await startEmbedded({
    // Nobody asks Temporal.
    deployment: deploymentFrom({ ECHOLOOP_HOME: home, TEMPORAL_ADDRESS: '127.0.0.1:9' }),
    log: () => undefined,
  });
  try {
    const store = new CountingStore(embedded.deployment.s3);
    await addVideo(store);
    return await measureReads(store, home, windows);
  } finally {
    await embedded.stop();
    await rm(home, { recursive: true, force: true });
  }
}

/** Noise: nothing about it is easier to read or to pack than about a recording. */
async function addVideo(store: S3Store): Promise<void> {
  const random = randomStream(1, 'window-reads');
  const video = {
    frames: FRAMES,
    rows: ROWS,
    columns: COLUMNS,
    spacingMm: [0.37, 0.37],
    frameTimeMs: 20,
    intensities: Float32Array.from({ length: FRAMES * ROWS * COLUMNS }, () => random.integer(256) / 255),
  } as const;
  await writeArtefact(store, datasetKeys.video(DATASET, VIDEO), writeGreyNifti(video), {
    inputs: [],
    codeVersion: 'bench',
    mediaType: 'application/gzip',
  });
}

async function measureReads(store: CountingStore, home: string, windows: number): Promise<WindowReadRow[]> {
  const { preprocessing } = RunConfigSchema.parse({ source: DATASET, target: DATASET, preset: 'paper' });
  const contextWith = (cacheBytes: number): ActivityContext =>
    contextOf(
      {
        store,
        cache: new LocalCache(store, join(home, 'cache'), cacheBytes),
        codeVersion: 'bench',
        log: { info: () => undefined, warn: () => undefined },
      },
      new AbortController().signal,
      () => undefined,
    );
  const random = randomStream(1, 'window-starts');
  const starts = Array.from({ length: windows }, () => random.integer(FRAMES - WINDOW_FRAMES + 1));
  const measure = async (
    how: string,
    read: (start: number) => Promise<unknown>,
    of = starts,
  ): Promise<WindowReadRow> => {
    store.readBytes = 0;
    const started = performance.now();
    for (const start of of) await read(start);
    const msPerWindow = (performance.now() - started) / of.length;
    return { how, windows: of.length, bytesPerWindow: store.readBytes / of.length, msPerWindow };
  };
  const window = async (cacheBytes: number, memoryBytes: number) => {
    const image = await preparedVideo(contextWith(cacheBytes), DATASET, VIDEO, preprocessing);
    const videos = new TrainingVideos([{ image }], memoryBytes);
    return async (startFrame: number) => {
      await videos.fetch([{ video: 0, startFrame }], WINDOW_FRAMES);
      return videos.window(0, startFrame, WINDOW_FRAMES);
    };
  };
  const few = starts.slice(0, 3);
  const uncached = contextWith(0);
  const anew = () => prepareVideo(uncached, DATASET, VIDEO, preprocessing);
  const rows = [await measure('prepared anew', anew, few)];
  const whole = () => wholePreparedVideo(uncached, DATASET, VIDEO, preprocessing);
  await whole();
  rows.push(await measure('whole prepared video', whole, few));
  rows.push(await measure('window from the store', await window(0, 0)));
  const cached = await window(GIGABYTE, 0);
  rows.push(await measure('window, cache of the machine empty at first', cached));
  rows.push(await measure('window from the cache of the machine', cached));
  const held = await window(GIGABYTE, 100 * MEGABYTE);
  for (const start of starts) await held(start);
  rows.push(await measure('window from memory', held));
  return rows;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const values = benchOptions({ json: { type: 'boolean' }, windows: { type: 'string', default: '50' } });
  const rows = await benchWindowReads(wholeNumber('--windows', values.windows));
  const table = rows.map((row) => [
    row.how,
    String(row.windows),
    `${(row.bytesPerWindow / MEGABYTE).toFixed(2)} MB`,
    `${row.msPerWindow.toFixed(1)} ms`,
  ]);
  const text = textTable(['how', 'windows', 'read per window', 'time per window'], table);
  process.stdout.write(values.json ? `${JSON.stringify(rows)}\n` : `${text}\n`);
}
