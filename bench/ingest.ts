/**
 * 2,000 files, one in twenty of them broken, through `echoloop ingest`, which is killed with -9 half-way and begun
 * again: whether each good file is stored once and each broken one set aside with its reason, how memory goes, and how
 * much processor time it takes beside decoding alone. Exit code 1 when anything is not as it has to be.
 */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readVideo } from '../datasets/read-video.ts';
import { deploymentFrom } from '../runtime/deployment.ts';
import { startEmbedded } from '../runtime/services/embedded.ts';
import { ingestKilled, type KilledIngestion } from './ingest/killed-ingestion.ts';
import { makeRecordings } from './ingest/recordings.ts';
import { benchOptions } from './shared/bench-options.ts';

const FILES = 2000;
const BROKEN_SHARE = 0.05;
/** Decoded alone, to compare with. */
const DECODED = 200;

export interface IngestBench extends KilledIngestion {
  readonly files: number;
  readonly broken: number;
  readonly cores: number;
  /** Milliseconds of processor time for a file: of the whole ingestion, and of reading a good file. */
  readonly cpuMsPerFile: { readonly ingestion: number; readonly decoding: number };
}

async function decodingMs(files: readonly string[]): Promise<number> {
  const step = Math.max(1, Math.floor(files.length / DECODED));
  const sample = files.filter((_, i) => i % step === 0).slice(0, DECODED);
  // Code that has run before is compiled.
  for (const file of sample.slice(0, 10)) await readVideo(await readFile(file), file);
  const before = process.cpuUsage();
  for (const file of sample) await readVideo(await readFile(file), file);
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000 / sample.length;
}

/** Starts a store of its own in a temporary folder and ends it again. */
export async function benchIngest(files = FILES): Promise<IngestBench> {
  const home = await mkdtemp(join(tmpdir(), 'echoloop-ingest-'));
  const deployment = deploymentFrom({ ECHOLOOP_HOME: home, TEMPORAL_ADDRESS: '127.0.0.1:9' });
  const embedded = await startEmbedded({ deployment, log: () => undefined });
  try {
    const folder = join(home, 'files');
    const made = await makeRecordings(folder, files, BROKEN_SHARE);
    const killed = await ingestKilled(embedded, folder, 'bench', made);
    return {
      files,
      broken: made.bad.size,
      cores: availableParallelism(),
      ...killed,
      cpuMsPerFile: {
        ingestion: Math.round((1000 * killed.cpuSeconds) / files),
        decoding: Math.round(await decodingMs(made.good)),
      },
    };
  } finally {
    await embedded.stop();
    await rm(home, { recursive: true, force: true });
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const values = benchOptions({ json: { type: 'boolean' } });
  const found = await benchIngest();
  const { storedBeforeKill, resumed, seconds, cpuMsPerFile, problems } = found;
  const { killed, resumed: again } = found.peakMibByQuarter;
  process.stdout.write(
    values.json
      ? `${JSON.stringify(found, null, 2)}\n`
      : `${found.files} files, ${found.broken} broken, ${found.cores} cores; killed with ${storedBeforeKill} stored\n` +
          `then ${resumed.known} known, ${resumed.converted} converted, ${resumed.quarantined} set aside\n` +
          `${(found.files / seconds).toFixed(1)} files a second; processor time a file ${cpuMsPerFile.ingestion} ms, decoding alone ${cpuMsPerFile.decoding} ms\n` +
          `largest memory by quarter: ${killed.join(', ')} and ${again.join(', ')} MiB\n${problems.join('\n')}\n`,
  );
  if (problems.length > 0) process.exitCode = 1;
}
