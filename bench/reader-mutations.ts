/**
 * Damaged and hostile files against the readers of datasets/: none may crash, hang, or take memory beyond its bound.
 * Prints, for each encoding, how many files were read and refused, the slowest, and the process's memory.
 * Run: npx tsx bench/reader-mutations.ts [mutations] [seed]
 */
import { filesOfEveryEncoding } from '../datasets/dicom/mutations.fixture.ts';
import { mutated } from '../datasets/mutated.fixture.ts';
import { readVideo } from '../datasets/read-video.ts';
import { DomainError } from '../ground/errors.ts';
import { randomStream } from '../ground/random.ts';

const mutations = Number(process.argv[2] ?? 20_000);
const seed = Number(process.argv[3] ?? 1);
const files = await filesOfEveryEncoding();
let highestRss = 0;
for (const [index, { name, bytes }] of files.entries()) {
  const counts = { read: 0, refused: 0, slowestMs: 0, totalMs: 0 };
  for (let i = index; i < mutations; i += files.length) {
    const file = mutated(bytes, randomStream(seed, 'mutation', i), 1024);
    const started = performance.now();
    try {
      await readVideo(file, name, { identityKey: new Uint8Array(16) });
      counts.read++;
    } catch (error) {
      if (!(error instanceof DomainError))
        throw new Error(`mutation ${i} of ${name}, seed ${seed}`, { cause: error });
      counts.refused++;
    }
    const took = performance.now() - started;
    counts.totalMs += took;
    counts.slowestMs = Math.max(counts.slowestMs, took);
    highestRss = Math.max(highestRss, process.memoryUsage.rss());
  }
  const { read, refused, slowestMs, totalMs } = counts;
  const mean = totalMs / (read + refused);
  console.log(
    `${name}: ${read} read, ${refused} refused, mean ${mean.toFixed(1)} ms, slowest ${Math.round(slowestMs)} ms, ` +
      `memory ${Math.round(highestRss / 1024 ** 2)} MiB at most`,
  );
}
