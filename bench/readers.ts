/**
 * 20,000 changed files through every reader, DICOM in every encoding: none may crash, hang or take more memory than the
 * limits say (datasets/limits.ts). Also tables of releases, info files and the stream of ffmpeg. Exit code 1 when
 * anything but a refusal came out.
 */
import { fileURLToPath } from 'node:url';
import { GreyStream } from '../app/media/grey-stream.ts';
import { textTable } from '../cli/text/text-table.ts';
import { planFolder } from '../datasets/collections/plan-folder.ts';
import { checkContent } from '../datasets/content.ts';
import { filesOfEveryEncoding } from '../datasets/dicom/mutations.fixture.ts';
import { mostFramesOf } from '../datasets/limits.ts';
import { parseManifest } from '../datasets/manifest.ts';
import { mutated } from '../datasets/mutated.fixture.ts';
import { filesOfEveryFormat } from '../datasets/mutations.fixture.ts';
import { readMask } from '../datasets/read-mask.ts';
import { readVideo } from '../datasets/read-video.ts';
import { DomainError } from '../ground/errors.ts';
import { randomStream } from '../ground/random.ts';
import { benchOptions } from './shared/bench-options.ts';

const MUTATIONS = 20_000;
const SEED = 21;
const given = { spacingMm: [0.5, 0.4] as const, frameTimeMs: 40 };
const target = { frames: 3, rows: 12, columns: 16, ...given };

interface Subject {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly read: (bytes: Uint8Array) => Promise<unknown>;
  /** Bytes at the start that get half of the changes. */
  readonly header?: number;
}

const HEADER_BYTES = 360;

const text = (value: string) => new TextEncoder().encode(value);
const textOf = (bytes: Uint8Array) => Buffer.from(bytes).toString('utf8');

/** Tables of a release, one of them changed. */
function table(name: string, content: string, others: Readonly<Record<string, string>>): Subject {
  return {
    name,
    bytes: text(content),
    read: (bytes) => {
      const texts: Readonly<Record<string, string>> = { ...others, [name]: textOf(bytes) };
      const files = [
        ...Object.keys(texts),
        'e/Videos/0X01.avi',
        'c/patient0001_4CH_half_sequence.nii.gz',
      ].filter((file) => file.startsWith(name.slice(0, 2)));
      return planFolder({ files, readText: async (file) => texts[file] ?? '' }, { named: new Set() });
    },
  };
}

async function subjects(): Promise<Subject[]> {
  const videos = await filesOfEveryFormat();
  const dicoms = await filesOfEveryEncoding();
  const readBoth = async (bytes: Uint8Array) => {
    await readMask(bytes, 'm', target).catch(onlyRefusals);
    return checkContent(await readVideo(bytes, 'v', given));
  };
  const readDicomVideo = async (bytes: Uint8Array) =>
    checkContent(await readVideo(bytes, 'v', { identityKey: new Uint8Array(16) }));
  const list = 'FileName,FPS,Split\n0X01,50,TRAIN\n';
  const tracings = 'FileName,X1,Y1,X2,Y2,Frame\n0X01.avi,5,1,5,9,3\n0X01.avi,2,2,8,2,3\n0X01.avi,2,8,8,8,3\n';
  const manifest =
    'study,view,id,split,labelled,rows,columns,frames,spacingRowMm,spacingColumnMm,frameTimeMs\np,a4c,v,train,true,9,9,9,1,1,40\n';
  const stream = Uint8Array.from([
    ...text('YUV4MPEG2 W16 H12 F25:1 Cmono\nFRAME\n'),
    ...new Uint8Array(192),
    ...text('FRAME\n'),
    ...new Uint8Array(192),
  ]);
  return [
    ...videos.map(({ name, bytes }) => ({ name, bytes, read: readBoth })),
    ...dicoms.map(({ name, bytes }) => ({
      name: `DICOM, ${name}`,
      bytes,
      read: readDicomVideo,
      header: 1024,
    })),
    table('e/FileList.csv', list, { 'e/VolumeTracings.csv': tracings }),
    table('e/VolumeTracings.csv', tracings, { 'e/FileList.csv': list }),
    table('c/Info_4CH.cfg', 'ED: 1\nES: 14\nNbFrame: 20\nFrameRate: 50.0\n', {}),
    { name: 'manifest.csv', bytes: text(manifest), read: async (bytes) => parseManifest(textOf(bytes)) },
    {
      name: 'stream of ffmpeg',
      bytes: stream,
      // Whoever reads films takes any error of the stream for a film that cannot be decoded.
      read: async (bytes) => {
        try {
          const grey = new GreyStream(mostFramesOf);
          grey.push(bytes);
          return grey.film();
        } catch (cause) {
          if (cause instanceof RangeError) throw cause;
          throw new DomainError('DatasetInvalid', 'no film', {}, { cause });
        }
      },
    },
  ];
}

function onlyRefusals(error: unknown): void {
  if (!(error instanceof DomainError)) throw error;
}

export interface ReaderRow {
  readonly name: string;
  readonly read: number;
  readonly refused: number;
  readonly meanMs: number;
  readonly slowestMs: number;
}

export interface ReadersBench {
  readonly mutations: number;
  readonly readers: readonly ReaderRow[];
  /** Growth of the process while they were read. */
  readonly memoryMib: number;
  /** With the number by which the same change is made again. */
  readonly crashes: readonly string[];
}

/** Each change has a stream of its own, so that one can be made again without the others. */
export async function benchReaders(mutations = MUTATIONS): Promise<ReadersBench> {
  const all = await subjects();
  const before = process.memoryUsage.rss();
  let highest = before;
  const crashes: string[] = [];
  const readers: ReaderRow[] = [];
  for (const [place, { name, bytes, read: attempt, header = HEADER_BYTES }] of all.entries()) {
    let [read, refused, slowestMs, totalMs] = [0, 0, 0, 0];
    for (let i = place; i < mutations; i += all.length) {
      const changed = mutated(bytes, randomStream(SEED, 'mutation', i), header);
      const started = performance.now();
      try {
        await attempt(changed);
        read++;
      } catch (error) {
        if (error instanceof DomainError) refused++;
        else crashes.push(`${name}, change ${i}: ${error}`);
      }
      const ms = performance.now() - started;
      totalMs += ms;
      slowestMs = Math.max(slowestMs, Math.round(ms));
      highest = Math.max(highest, process.memoryUsage.rss());
    }
    const meanMs = Number((totalMs / Math.max(1, read + refused)).toFixed(1));
    readers.push({ name, read, refused, meanMs, slowestMs });
  }
  return { mutations, readers, memoryMib: Math.round((highest - before) / 1024 ** 2), crashes };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const values = benchOptions({ json: { type: 'boolean' } });
  const found = await benchReaders();
  const { mutations, readers, memoryMib, crashes } = found;
  if (values.json) process.stdout.write(`${JSON.stringify(found, null, 2)}\n`);
  else {
    const table = textTable(
      ['changed files of', 'read', 'refused', 'mean ms', 'slowest ms'],
      readers.map((row) => Object.values(row).map(String)),
    );
    process.stdout.write(
      `${table}\n${mutations} changed files, ${crashes.length} crashes, ${memoryMib} MiB more memory at most\n${crashes.join('\n')}\n`,
    );
  }
  if (crashes.length > 0) process.exitCode = 1;
}
