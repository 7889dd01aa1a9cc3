/** Prepared videos on their way through store, cache and memory into the windows of a training. */
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { mirrored } from '../../datasets/mirrored.fixture.ts';
import { randomStream } from '../../ground/random.ts';
import { geometryOf } from '../../imaging/image.ts';
import { drawLabelledWindow } from '../../method/windows/training-windows.ts';
import { sha256Of, writeArtefact } from '../../storage/artefacts.ts';
import { cancelledBy } from '../../storage/cancellable-store.ts';
import { datasetKeys } from '../../storage/keys.ts';
import { LocalCache } from '../../storage/local-cache.ts';
import { MemoryStore } from '../../storage/memory-store.ts';
import type { GetOptions } from '../../storage/store.ts';
import { addPhantoms, tinyConfig, tinyWorld } from '../../test/orchestration/tiny-run.ts';
import type { ActivityContext } from '../context.ts';
import { preparedVideo, wholePreparedVideo } from './prepared-frames.ts';
import { prepareLabels, prepareVideo } from './prepared-video.ts';
import { TrainingVideos } from './training-videos.ts';
import { trainingVideos } from './usable-videos.ts';

const config = tinyConfig();
const { preprocessing } = config;
const FRAMES = 12;

/** Counts what is read. */
class WatchedStore extends MemoryStore {
  readonly reads: string[] = [];
  readBytes = 0;
  /** Objects whose keys hold this are lost as soon as they are written. */
  refuses: string | undefined;

  override async put(...[key, bytes, options]: Parameters<MemoryStore['put']>) {
    if (this.refuses && key.includes(this.refuses) && !key.endsWith('.json')) return 'written';
    return super.put(key, bytes, options);
  }

  override async get(key: string, options?: GetOptions): Promise<Uint8Array | undefined> {
    const bytes = await super.get(key, options);
    this.reads.push(key);
    this.readBytes += bytes?.length ?? 0;
    return bytes;
  }
}

let folder: string;
let store: WatchedStore;
let ids: string[];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'echoloop-prepared-'));
  store = new WatchedStore();
  const labelled = { split: 'train', labelled: true } as const;
  ids = await addPhantoms(store, config.source, 'source', [labelled, labelled], FRAMES);
});
afterEach(() => rm(folder, { recursive: true }));

function contextWith(cacheBytes: number): ActivityContext {
  return { ...tinyWorld().context(), store, cache: new LocalCache(store, folder, cacheBytes) };
}

const task = () => ({ run: 'r', dataset: config.source, videos: ids, config, labelled: true });

async function removePrepared(): Promise<void> {
  for await (const { key } of store.list(`datasets/${config.source}/prepared/`)) await store.delete(key);
}

async function cachedBytes(): Promise<number> {
  const files = await Promise.all((await readdir(folder)).map((name) => stat(join(folder, name))));
  return files.reduce((total, { size }) => total + size, 0);
}

it('are the same to the last bit as those that were never stored', async () => {
  const context = contextWith(1e9);
  const { windows } = await trainingVideos(task(), context);
  const { video } = await prepareVideo(context, config.source, ids[1]!, preprocessing);
  const truth = await prepareLabels(context, config.source, ids[1]!, preprocessing);
  const pixels = video.rows * video.columns;
  expect(new Set(video.intensities).size).toBeGreaterThan(1000);
  for (const startFrame of [0, 5, FRAMES - 4]) {
    await windows.fetch([{ video: 1, startFrame }], 4);
    const part = [startFrame * pixels, (startFrame + 4) * pixels] as const;
    expect(windows.window(1, startFrame, 4)).toEqual(video.intensities.slice(...part));
    expect(windows.labels(1, startFrame, 4)).toEqual(truth.labels.slice(...part));
  }
  const whole = await wholePreparedVideo(context, config.source, ids[1]!, preprocessing);
  expect(whole.video).toEqual({ ...geometryOf(video), intensities: video.intensities });
});

it('have the labels where the video has what they are of, whichever way their file holds them', async () => {
  const truth = await prepareLabels(contextWith(1e9), config.source, ids[0]!, preprocessing);
  const key = datasetKeys.labels(config.source, ids[0]!);
  const file = mirrored((await store.get(key))!);
  await store.delete(key);
  await store.delete(`${key}.json`);
  await writeArtefact(store, key, file, { inputs: [], codeVersion: 'test', mediaType: 'application/gzip' });
  const turned = await prepareLabels(contextWith(1e9), config.source, ids[0]!, preprocessing);
  expect(Buffer.from(turned.labels).equals(truth.labels)).toBe(true);
});

it('are prepared once, whoever asks, and a window costs a window', async () => {
  await trainingVideos(task(), contextWith(1e9));
  await rm(folder, { recursive: true });
  store.reads.length = 0;
  const { windows } = await trainingVideos(task(), contextWith(1e9));
  expect(store.reads.filter((key) => key.endsWith('.nii.gz'))).toEqual([]);
  store.readBytes = 0;
  await windows.fetch([{ video: 0, startFrame: 3 }], 4);
  const window = 4 * windows.rows(0) * windows.columns(0) * (4 + 1);
  expect(store.readBytes).toBe(window);
  await windows.fetch([{ video: 0, startFrame: 4 }], 4);
  expect(store.readBytes).toBe(window + window / 4);
  // Another activity of this machine finds them in its cache.
  const again = await trainingVideos(task(), contextWith(1e9));
  store.readBytes = 0;
  await again.windows.fetch([{ video: 0, startFrame: 3 }], 5);
  expect(store.readBytes).toBe(0);
});

it('keep disk and memory within their budgets, whatever a training draws', async () => {
  const context = contextWith(0);
  const image = await preparedVideo(context, config.source, ids[0]!, preprocessing);
  const { rows, columns } = image.geometry;
  const frame = rows * columns * Float32Array.BYTES_PER_ELEMENT;
  const small = { ...contextWith(6 * frame) };
  const images = [];
  for (const id of ids) images.push(await preparedVideo(small, config.source, id, preprocessing));
  const windows = new TrainingVideos(
    images.map((each) => ({ image: each })),
    5 * frame,
  );
  const expected = await prepareVideo(context, config.source, ids[1]!, preprocessing);
  for (let step = 0; step < 60; step++) {
    const video = step % 2;
    const startFrame = (step * 5) % (FRAMES - 3);
    await windows.fetch([{ video, startFrame }], 4);
    const window = windows.window(video, startFrame, 4);
    if (video === 1) {
      const part = [startFrame * rows * columns, (startFrame + 4) * rows * columns] as const;
      expect(sha256Of(new Uint8Array(window.buffer))).toBe(
        sha256Of(new Uint8Array(expected.video.intensities.slice(...part).buffer)),
      );
    }
    expect(await cachedBytes()).toBeLessThanOrEqual(6 * frame * 1.05);
    expect(windows.heldBytes).toBeLessThanOrEqual(5 * frame);
  }
});

it('are made again when they are damaged or were deleted, and no video is blamed for it', async () => {
  const context = contextWith(0);
  const { windows } = await trainingVideos(task(), context);
  const expected = await prepareVideo(context, config.source, ids[0]!, preprocessing);
  const objects: string[] = [];
  for await (const { key } of store.list(`datasets/${config.source}/prepared/${ids[0]}/`)) objects.push(key);
  const data = objects.filter((key) => key.includes('.video.chunks.'));
  expect(data).toHaveLength(1);
  const bytes = (await store.get(data[0]!))!.slice();
  bytes[10]! ^= 1;
  await store.put(data[0]!, bytes);
  await windows.fetch([{ video: 0, startFrame: 0 }], 1);
  const { rows, columns } = expected.video;
  expect(windows.window(0, 0, 1)).toEqual(expected.video.intensities.slice(0, rows * columns));
  for (const key of objects) await store.delete(key);
  const whole = await wholePreparedVideo(context, config.source, ids[0]!, preprocessing);
  expect(whole.video.intensities).toEqual(expected.video.intensities);
  await store.put(objects.find((key) => key.endsWith('.video'))!, new Uint8Array([1]));
  expect(await wholePreparedVideo(context, config.source, ids[0]!, preprocessing)).toEqual(whole);
});

it('may be removed again and again while a training is at work', async () => {
  const context = contextWith(0);
  const { windows } = await trainingVideos(task(), context);
  const { video } = await prepareVideo(context, config.source, ids[0]!, preprocessing);
  const pixels = video.rows * video.columns;
  for (const frame of [0, 1, 2]) {
    await removePrepared();
    await windows.fetch([{ video: 0, startFrame: frame }], 1);
    const expected = video.intensities.slice(frame * pixels, (frame + 1) * pixels);
    expect(windows.window(0, frame, 1)).toEqual(expected);
  }
});

it('that are gone as soon as they are made have the activity tried again, and are no reason to end it', async () => {
  const context = contextWith(0);
  const { windows } = await trainingVideos(task(), context);
  store.refuses = '.chunks.';
  await removePrepared();
  const again = {
    code: 'StorageUnavailable',
    message: expect.stringContaining('as soon as they had been made'),
  };
  await expect(windows.fetch([{ video: 0, startFrame: 0 }], 1)).rejects.toMatchObject(again);
  await expect(wholePreparedVideo(context, config.source, ids[0]!, preprocessing)).rejects.toMatchObject(
    again,
  );
  await removePrepared();
  store.refuses = '.video';
  await expect(preparedVideo(context, config.source, ids[0]!, preprocessing)).rejects.toMatchObject(again);
});

it('are others for another preprocessing, and for another file', async () => {
  const context = contextWith(1e9);
  const [one, coarser, other] = [
    await preparedVideo(context, config.source, ids[0]!, preprocessing),
    await preparedVideo(context, config.source, ids[0]!, { ...preprocessing, spacingMm: 4 }),
    await preparedVideo(context, config.source, ids[1]!, preprocessing),
  ].map((frames) => frames.range(0, 1).artefact.reference.key);
  expect(new Set([one, coarser, other]).size).toBe(3);
});

it('end their reading with the activity', async () => {
  const controller = new AbortController();
  const cancellable = cancelledBy(store, controller.signal);
  const context = { ...contextWith(0), store: cancellable, cache: new LocalCache(cancellable, folder, 0) };
  const { windows } = await trainingVideos(task(), context);
  const reason = new Error('cancelled');
  controller.abort(reason);
  const place = drawLabelledWindow(windows, 4, randomStream(1, 'window'));
  await expect(windows.fetch([place], 4)).rejects.toBe(reason);
});

it('carry the number of their preparation, to be raised when preprocessing gives other numbers', async () => {
  const { video } = await prepareVideo(contextWith(0), config.source, ids[0]!, {
    ...preprocessing,
    clahe: { ...preprocessing.clahe, enabled: true },
  });
  const rounded = Int32Array.from(video.intensities, (value) => Math.round(value * 1000));
  // When this fails for a good reason, raise PREPARATION in prepared-frames.ts with the new digest.
  expect(sha256Of(new Uint8Array(rounded.buffer)).slice(0, 16)).toBe('0553b9aeaa449270');
});
