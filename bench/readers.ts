/**
 * 20,000 changed files through every reader: none may crash, hang or take more memory than the limits say
 * (datasets/limits.ts). Also tables of releases, info files and the stream of ffmpeg. Exit code 1 when anything but a
 * refusal came out.
 */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { GreyStream } from '../app/media/grey-stream.ts';
import { planFolder } from '../datasets/collections/plan-folder.ts';
import { checkContent } from '../datasets/content.ts';
import { mostFramesOf } from '../datasets/limits.ts';
import { parseManifest } from '../datasets/manifest.ts';
import { mutated } from '../datasets/mutated.fixture.ts';
import { filesOfEveryFormat } from '../datasets/mutations.fixture.ts';
import { readMask } from '../datasets/read-mask.ts';
import { readVideo } from '../datasets/read-video.ts';
import { DomainError } from '../ground/errors.ts';
import { randomStream } from '../ground/random.ts';

const MUTATIONS = 20_000;
const given = { spacingMm: [0.5, 0.4] as const, frameTimeMs: 40 };
const target = { frames: 3, rows: 12, columns: 16, ...given };

interface Subject {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly read: (bytes: Uint8Array) => Promise<unknown>;
}

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
    ...videos.map(({ name, bytes }) => ({ name, bytes, read: readBoth })),
    // A whole recording is slow to decode: its start alone, which is its header and first frames.
    { name: 'DICOM', bytes: new Uint8Array(dicom.subarray(0, 60_000)), read: readBoth },
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

export interface ReadersBench {
  readonly mutations: number;
  readonly read: number;
  readonly refused: number;
  readonly slowest: { readonly name: string; readonly ms: number };
  /** Growth of the process while they were read. */
  readonly memoryMib: number;
  readonly crashes: readonly string[];
}

export async function benchReaders(mutations = MUTATIONS): Promise<ReadersBench> {
  const all = await subjects();
  const random = randomStream(21, 'mutations');
  const before = process.memoryUsage.rss();
  let highest = before;
  let read = 0;
  let refused = 0;
  let slowest = { name: '', ms: 0 };
  const crashes: string[] = [];
  for (let i = 0; i < mutations; i++) {
    const { name, bytes, read: attempt } = all[i % all.length]!;
    const changed = mutated(bytes, random, 360);
    const started = performance.now();
    try {
      await attempt(changed);
      read++;
    } catch (error) {
      if (error instanceof DomainError) refused++;
      else crashes.push(`${name}, change ${i}: ${error}`);
    }
    const ms = Math.round(performance.now() - started);
    if (ms > slowest.ms) slowest = { name, ms };
    highest = Math.max(highest, process.memoryUsage.rss());
  }
  return {
    mutations,
    read,
    refused,
    slowest,
    memoryMib: Math.round((highest - before) / 1024 ** 2),
    crashes,
  };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { values } = parseArgs({ options: { json: { type: 'boolean' } } });
  const found = await benchReaders();
  const { mutations, read, refused, slowest, memoryMib, crashes } = found;
  if (values.json) process.stdout.write(`${JSON.stringify(found, null, 2)}\n`);
  else {
    process.stdout.write(
      `${mutations} changed files: ${read} read, ${refused} refused, ${crashes.length} crashes\n` +
        `slowest ${slowest.ms} ms (${slowest.name}), ${memoryMib} MiB more memory at most\n${crashes.join('\n')}\n`,
    );
  }
  if (crashes.length > 0) process.exitCode = 1;
}
