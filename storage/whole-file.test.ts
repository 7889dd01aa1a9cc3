import type * as fs from 'node:fs/promises';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { writeArtefact } from './artefacts.ts';
import { LocalCache } from './local-cache.ts';
import { MemoryStore } from './memory-store.ts';
import { writeWholeFile } from './whole-file.ts';

/** While set, files are cut off in their middle, as on a disk that has no more room. */
let full = false;
vi.mock('node:fs/promises', async (importActual) => {
  const actual = await importActual<typeof fs>();
  return {
    ...actual,
    writeFile: async (path: string, content: Uint8Array | string) => {
      if (!full) return actual.writeFile(path, content);
      await actual.writeFile(path, content.slice(0, content.length / 2));
      throw Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
    },
  };
});

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'echoloop-whole-'));
});
afterEach(async () => {
  full = false;
  await rm(folder, { recursive: true });
});

it('leaves the old file as it was and no other when the disk is full', async () => {
  const path = join(folder, 'mask.nii.gz');
  await writeWholeFile(path, 'old');
  full = true;
  await expect(writeWholeFile(path, 'new and longer')).rejects.toMatchObject({
    code: 'DiskFull',
    message: expect.stringContaining(path),
  });
  expect(await readFile(path, 'utf8')).toBe('old');
  expect(await readdir(folder)).toEqual(['mask.nii.gz']);
  full = false;
  await writeWholeFile(path, 'new and longer');
  expect(await readFile(path, 'utf8')).toBe('new and longer');
});

it('passes other problems on as they are', async () => {
  await expect(writeWholeFile(join(folder, 'absent', 'file'), '')).rejects.toMatchObject({ code: 'ENOENT' });
});

it('lets the local cache go on without keeping anything', async () => {
  const store = new MemoryStore();
  const bytes = new TextEncoder().encode('a video');
  const origin = { inputs: [], codeVersion: 'test', mediaType: 'application/gzip' };
  const reference = await writeArtefact(store, 'video', bytes, origin);
  const cache = new LocalCache(store, folder, 1e6);
  full = true;
  expect(await cache.read(reference)).toEqual(bytes);
  expect(await readdir(folder)).toEqual([]);
  full = false;
  await cache.read(reference);
  expect(await readdir(folder)).toEqual([reference.sha256]);
});

it('names the file that was meant where it cannot be written', async () => {
  const path = join(folder, 'absent', 'mask.nii.gz');
  await expect(writeWholeFile(path, 'x')).rejects.toMatchObject({ code: 'ENOENT', path });
  await expect(writeWholeFile(folder, 'x')).rejects.toMatchObject({ path: folder });
});
