/**
 * What a training window costs to read from a real S3 server: a whole prepared video against the chunks of the window
 * (one chunk a frame), with and without the cache of the machine. 60 frames of 512 x 448 float32, windows of 4 frames
 * drawn at random.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { textTable } from '../cli/text/text-table.ts';
import { randomStream } from '../ground/random.ts';
import { deploymentFrom } from '../runtime/deployment.ts';
import { startEmbedded } from '../runtime/services/embedded.ts';
import { type ArtefactOrigin, readArtefact, writeArtefact } from '../storage/artefacts.ts';
import { ChunkedArtefact, writeChunkedArtefact } from '../storage/chunked-artefact.ts';
import { LocalCache } from '../storage/local-cache.ts';
import { S3Store } from '../storage/s3-store.ts';
import type { GetOptions } from '../storage/store.ts';

const FRAMES = 60;
const FRAME_BYTES = 512 * 448 * Float32Array.BYTES_PER_ELEMENT;
const WINDOW_FRAMES = 4;
const origin: ArtefactOrigin = { inputs: [], codeVersion: 'bench', mediaType: 'application/octet-stream' };

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
    const random = randomStream(1, 'window-reads');
    const frames = Array.from({ length: FRAMES }, () => {
      const frame = new Uint32Array(FRAME_BYTES / 4);
      for (let i = 0; i < frame.length; i++) frame[i] = random.integer(2 ** 32);
      return new Uint8Array(frame.buffer);
    });
    const whole = await writeArtefact(store, 'whole', Buffer.concat(frames), origin);
    const parts = await writeChunkedArtefact(store, 'parts', { header: null, chunks: frames }, origin);
    const starts = Array.from({ length: windows }, () => random.integer(FRAMES - WINDOW_FRAMES + 1));
    const chunked = await ChunkedArtefact.open(store, parts);
    const cached = await ChunkedArtefact.open(store, parts, new LocalCache(store, join(home, 'cache'), 1e9));

    const measure = async (
      how: string,
      read: (start: number) => Promise<unknown>,
    ): Promise<WindowReadRow> => {
      store.readBytes = 0;
      const started = performance.now();
      for (const start of starts) await read(start);
      const msPerWindow = (performance.now() - started) / windows;
      return { how, windows, bytesPerWindow: store.readBytes / windows, msPerWindow };
    };
    return [
      await measure('whole object', () => readArtefact(store, whole)),
      await measure('chunks', (start) => chunked.read(start, WINDOW_FRAMES)),
      await measure('chunks, cache empty at first', (start) => cached.read(start, WINDOW_FRAMES)),
      await measure('chunks, cached', (start) => cached.read(start, WINDOW_FRAMES)),
    ];
  } finally {
    await embedded.stop();
    await rm(home, { recursive: true, force: true });
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { values } = parseArgs({
    options: { json: { type: 'boolean' }, windows: { type: 'string', default: '50' } },
  });
  const rows = await benchWindowReads(Number(values.windows));
  const table = rows.map((row) => [
    row.how,
    String(row.windows),
    `${(row.bytesPerWindow / 1e6).toFixed(2)} MB`,
    `${row.msPerWindow.toFixed(1)} ms`,
  ]);
  const text = textTable(['how', 'windows', 'read per window', 'time per window'], table);
  process.stdout.write(values.json ? `${JSON.stringify(rows)}\n` : `${text}\n`);
}
