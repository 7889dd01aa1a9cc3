import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { DomainError } from '../ground/errors.ts';
import { randomStream } from '../ground/random.ts';
import { checkContent } from './content.ts';
import { mutated } from './mutated.fixture.ts';
import { filesOfEveryFormat } from './mutations.fixture.ts';
import { niftiFixture } from './nifti.fixture.ts';
import { readMask } from './read-mask.ts';
import { readVideo } from './read-video.ts';

const given = { spacingMm: [0.5, 0.4] as const, frameTimeMs: 40 };
const target = { frames: 3, rows: 12, columns: 16, ...given };
const MEBIBYTE = 1024 ** 2;

test('changed files of every format are read or refused, quickly and in little memory', {
  timeout: 120_000,
}, async () => {
  const random = randomStream(11, 'mutations');
  const files = await filesOfEveryFormat();
  for (const { bytes } of files) await readVideo(bytes, 'v', given);
  const before = process.memoryUsage.rss();
  let slowest = 0;
  let read = 0;
  for (let i = 0; i < 3000; i++) {
    const { name, bytes } = files[i % files.length]!;
    const changed = mutated(bytes, random, 360);
    const started = performance.now();
    for (const attempt of [
      async () => checkContent(await readVideo(changed, 'v', given)),
      () => readMask(changed, 'v', target),
    ]) {
      try {
        await attempt();
        read++;
      } catch (error) {
        if (!(error instanceof DomainError)) throw new Error(`${name}, change ${i}`, { cause: error });
      }
    }
    slowest = Math.max(slowest, performance.now() - started);
  }
  expect(read).toBeGreaterThan(100);
  expect(slowest).toBeLessThan(3000);
  expect(process.memoryUsage.rss() - before).toBeLessThan(400 * MEBIBYTE);
});

/** The failure of a file that must be refused within a second, with less than 200 MiB more memory. */
async function refused(bytes: Uint8Array): Promise<DomainError> {
  const before = process.memoryUsage.rss();
  const started = performance.now();
  const failure = await readVideo(bytes, 'v', given).then(
    () => new Error('it was read'),
    (error: unknown) => error,
  );
  expect(failure).toBeInstanceOf(DomainError);
  expect(performance.now() - started).toBeLessThan(1000);
  expect(process.memoryUsage.rss() - before).toBeLessThan(200 * MEBIBYTE);
  return failure as DomainError;
}

test('files made to fill the memory are refused at once', async () => {
  const header = niftiFixture({ dims: [16, 12, 3], pixdim: [0.4, 0.5, 0.04], values: [] });
  const zeros = Buffer.alloc(400 * MEBIBYTE);
  const bomb = gzipSync(Buffer.concat([header, zeros]), { level: 1 });
  expect((await refused(bomb)).code).toBe('LimitExceeded');
  const text =
    'NDims = 3\nDimSize = 4000 4000 4000\nElementSpacing = 1 1 0.04\nElementType = MET_UCHAR\nElementDataFile = LOCAL\n';
  expect((await refused(new TextEncoder().encode(text))).code).toBe('LimitExceeded');
  const long = new TextEncoder().encode(`NDims = 3\n${'Comment = a\n'.repeat(100_000)}`);
  expect((await refused(long)).code).toBe('DatasetInvalid');
});
