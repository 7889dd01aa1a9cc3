/**
 * 20,000 changed files through every reader, every encoding of DICOM among them: none may crash, hang or take more
 * memory than the limits say (datasets/limits.ts). Also tables of releases, info files and the stream of ffmpeg. Exit
 * code 1 when anything but a refusal came out. `--mutations` and `--seed` choose others.
 */
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { GreyStream } from '../app/media/grey-stream.ts';
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

/** Where most harm lies: half of the changes go there (`mutated`). */
const HEADER_BYTES = 360;
const DICOM_HEADER_BYTES = 1024;

const given = { spacingMm: [0.5, 0.4] as const, frameTimeMs: 40 };
const target = { frames: 3, rows: 12, columns: 16, ...given };

interface Subject {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly headerBytes: number;
  readonly read: (bytes: Uint8Array) => Promise<unknown>;
}

const text = (value: string) => new TextEncoder().encode(value);
const textOf = (bytes: Uint8Array) => Buffer.from(bytes).toString('utf8');

/** Tables of a release, one of them changed. */
function table(name: string, content: string, others: Readonly<Record<string, string>>): Subject {
  return {
    name,
    bytes: text(content),
    headerBytes: HEADER_BYTES,
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
  const encodings = await filesOfEveryEncoding();
  const dicom = readFileSync(new URL('../examples/echo-cine-30f.dcm', import.meta.url));
  const readBoth = async (bytes: Uint8Array) => {
    await readMask(bytes, 'm', target).catch(onlyRefusals);
    return checkContent(await readVideo(bytes, 'v', given));
  };
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
    ...videos.map(({ name, bytes }) => ({ name, bytes, headerBytes: HEADER_BYTES, read: readBoth })),
    ...encodings.map(({ name, bytes }) => ({
      name: `DICOM, ${name}`,
      bytes,
      headerBytes: DICOM_HEADER_BYTES,
      read: (changed: Uint8Array) => readVideo(changed, 'v', { identityKey: new Uint8Array(16) }),
    })),
    // A whole recording is slow to decode: its start alone, which is its header and first frames.
    {
      name: 'DICOM, a recording',
      bytes: new Uint8Array(dicom.subarray(0, 60_000)),
      headerBytes: DICOM_HEADER_BYTES,
      read: readBoth,
    },
    table('e/FileList.csv', list, { 'e/VolumeTracings.csv': tracings }),
    table('e/VolumeTracings.csv', tracings, { 'e/FileList.csv': list }),
    table('c/Info_4CH.cfg', 'ED: 1\nES: 14\nNbFrame: 20\nFrameRate: 50.0\n', {}),
    {
      name: 'manifest.csv',
      bytes: text(manifest),
      headerBytes: HEADER_BYTES,
      read: async (bytes) => parseManifest(textOf(bytes)),
    },
    {
      name: 'stream of ffmpeg',
      bytes: stream,
      headerBytes: HEADER_BYTES,
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

interface ReadersRow {
  readonly name: string;
  read: number;
  refused: number;
  meanMs: number;
  slowestMs: number;
}

interface ReadersBench {
  readonly mutations: number;
  readonly seed: number;
  readonly rows: readonly ReadersRow[];
  /** Growth of the process while they were read. */
  readonly memoryMib: number;
  readonly crashes: readonly string[];
}

async function benchReaders(mutations: number, seed: number): Promise<ReadersBench> {
  const all = await subjects();
  const before = process.memoryUsage.rss();
  let highest = before;
  const rows: ReadersRow[] = [];
  const crashes: string[] = [];
  for (const [index, { name, bytes, headerBytes, read }] of all.entries()) {
    const row: ReadersRow = { name, read: 0, refused: 0, meanMs: 0, slowestMs: 0 };
    const times: number[] = [];
    for (let i = index; i < mutations; i += all.length) {
      const changed = mutated(bytes, randomStream(seed, 'mutation', i), headerBytes);
      const started = performance.now();
      try {
        await read(changed);
        row.read++;
      } catch (error) {
        if (error instanceof DomainError) row.refused++;
        else crashes.push(`${name}, change ${i}: ${error}`);
      }
      times.push(performance.now() - started);
      highest = Math.max(highest, process.memoryUsage.rss());
    }
    row.meanMs = Number((times.reduce((sum, ms) => sum + ms, 0) / times.length).toFixed(1));
    row.slowestMs = Math.round(Math.max(...times));
    rows.push(row);
  }
  return { mutations, seed, rows, memoryMib: Math.round((highest - before) / 1024 ** 2), crashes };
}

const { values } = parseArgs({
  options: {
    json: { type: 'boolean' },
    mutations: { type: 'string', default: '20000' },
    seed: { type: 'string', default: '21' },
  },
});
const found = await benchReaders(Number(values.mutations), Number(values.seed));
if (values.json) console.log(JSON.stringify(found));
else {
  console.table(found.rows);
  console.log(
    `${found.mutations} changed files, ${found.crashes.length} crashes, ${found.memoryMib} MiB more memory at most`,
  );
  for (const crash of found.crashes) console.log(crash);
}
if (found.crashes.length > 0) process.exitCode = 1;
