/** A host's own disk, a real one, that is full while it works: reading goes on, and nothing half is taken for whole. */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { VideoShelf } from '../../activities/videos/video-shelf.ts';
import { SmallDisk } from '../../bench/cluster/small-disk.ts';
import type { GreyVideo } from '../../imaging/image.ts';
import { writeArtefact } from '../../storage/artefacts.ts';
import { LocalCache } from '../../storage/local-cache.ts';
import { MemoryStore } from '../../storage/memory-store.ts';
import { sha256Of } from '../../storage/trusted-read.ts';
import { writeWholeFile } from '../../storage/whole-file.ts';

const folder = mkdtempSync(join(tmpdir(), 'echoloop-full-'));
const disk = SmallDisk.mount(folder, 8e6);
if (!disk) console.warn('NOT TESTED: a full disk, as none can be mounted here');
afterAll(() => {
  disk?.unmount();
  rmSync(folder, { recursive: true, force: true });
});

describe.skipIf(!disk)('a disk that is full', () => {
  beforeEach(() => disk!.fill());
  afterEach(async () => {
    await disk!.empty();
    vi.unstubAllEnvs();
  });

  it('costs a host its cache and no artefact', async () => {
    const store = new MemoryStore();
    const bytes = new Uint8Array(100_000).fill(7);
    const origin = { inputs: [], codeVersion: 'test', mediaType: 'application/octet-stream' };
    const reference = await writeArtefact(store, 'k', bytes, origin);
    const cache = new LocalCache(store, join(folder, 'cache'), 1e6);
    expect(await cache.read(reference)).toEqual(bytes);
    await disk!.empty();
    expect(await cache.find(reference.sha256)).toBeUndefined();
    expect(await cache.read(reference)).toEqual(bytes);
    await store.delete('k');
    expect(sha256Of((await cache.find(reference.sha256))!)).toBe(reference.sha256);
  });

  it('is told by what needs scratch files, as a fault of the host', () => {
    vi.stubEnv('TMPDIR', folder);
    const shelf = new VideoShelf(0);
    const video: GreyVideo = {
      ...{ frames: 4, rows: 100, columns: 100, spacingMm: [1, 1], frameTimeMs: 50 },
      intensities: new Float32Array(40_000),
    };
    try {
      expect(() => shelf.put('a', video)).toThrow(expect.objectContaining({ code: 'DiskFull' }));
      expect(() => shelf.window('a', 0, 1)).toThrow('a is not on the shelf');
    } finally {
      shelf.dispose();
    }
  });

  it('leaves no part of a file behind', async () => {
    const path = join(folder, 'mask');
    await expect(writeWholeFile(path, new Uint8Array(100_000))).rejects.toMatchObject({ code: 'DiskFull' });
    expect(readdirSync(folder)).not.toContainEqual(expect.stringContaining('mask'));
  });
});
