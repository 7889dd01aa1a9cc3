/**
 * A folder as hospitals have them: NIfTI and DICOM loops of phantoms, every one of other content, four to a patient,
 * and among them files that are broken in the ways that files are.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { dicomFixture } from '../../datasets/dicom.fixture.ts';
import { writeGreyNifti } from '../../datasets/nifti.ts';
import { generatePhantom } from '../../datasets/phantom/phantom.ts';
import type { GreyVideo } from '../../imaging/image.ts';

export interface MadeFiles {
  readonly good: readonly string[];
  /** What has to be said of each. */
  readonly bad: ReadonlyMap<string, RegExp>;
}

const FRAMES = 12;
const PHANTOMS = 6;
const VIDEOS_OF_A_PATIENT = 4;

function phantom(index: number): GreyVideo {
  const { image } = generatePhantom({ domain: 'target', seed: 21, index });
  const frames = Math.min(FRAMES, image.frames);
  return { ...image, frames, intensities: image.intensities.slice(0, frames * image.rows * image.columns) };
}

/** The pixels with the number written into the first frame, where speckle is, so that no two files are the same. */
function numbered(bytes: Uint8Array, number: number, middle: number): Uint8Array {
  const marked = bytes.slice();
  for (let bit = 0; bit < 16; bit++) marked[middle + bit]! ^= (number >> bit) & 1;
  return marked;
}

interface Template {
  readonly video: GreyVideo;
  readonly pixels: Uint8Array;
  /** Uncompressed; pixels are its end. */
  readonly nifti: Uint8Array;
}

function templateOf(video: GreyVideo): Template {
  const pixels = Uint8Array.from(video.intensities, (value) => Math.round(value * 255));
  return { video, pixels, nifti: Uint8Array.from(gunzipSync(writeGreyNifti(video))) };
}

function niftiOf({ video, pixels, nifti }: Template, number: number): Uint8Array {
  const file = nifti.slice();
  file.set(numbered(pixels, number, (video.rows * video.columns) / 2), file.length - pixels.length);
  return gzipSync(file, { level: 1 });
}

function dicomOf(
  { video, pixels }: Template,
  number: number,
  changes: Partial<Parameters<typeof dicomFixture>[0]> = {},
): Uint8Array {
  const { frames, rows, columns, spacingMm } = video;
  const centimetres = [spacingMm[1] / 10, spacingMm[0] / 10] as const;
  return dicomFixture({
    ...{ frames, rows, columns, frameTime: '40' },
    regions: [{ box: [0, 0, columns - 1, rows - 1], centimetres }],
    pixels: numbered(pixels, number, (rows * columns) / 2),
    extra: [{ tag: [0x10, 0x20], vr: 'LO', value: `P${Math.floor(number / VIDEOS_OF_A_PATIENT)}` }],
    ...changes,
  });
}

/** Ways to be broken, each with what has to be said of it. */
const broken: readonly {
  readonly ending: string;
  readonly make: (template: Template, number: number) => Uint8Array;
  readonly reason: RegExp;
}[] = [
  {
    ending: 'nii.gz',
    make: (_, number) => new TextEncoder().encode(`a list of names, part ${number}`),
    reason: /found a text file/,
  },
  {
    ending: 'nii.gz',
    make: (template, number) => niftiOf(template, number).subarray(0, 9000),
    reason: /ends early or is damaged/,
  },
  {
    ending: 'nii.gz',
    make: ({ nifti, pixels }, number) => {
      const file = nifti.slice();
      for (let i = file.length - pixels.length; i < file.length; i++) file[i] = file[i]! > 90 ? 1 : 0;
      file[file.length - 1 - (number % 1000)] = 2;
      return gzipSync(file, { level: 1 });
    },
    reason: /few|a mask or a label volume/,
  },
  {
    ending: 'dcm',
    make: (template, number) => dicomOf(template, number).subarray(0, 40_000),
    reason: /expected \d+ bytes of pixels, found \d+/,
  },
  {
    ending: 'dcm',
    make: (template, number) => dicomOf(template, number, { regions: [] }),
    reason: /expected a pixel size/,
  },
  {
    ending: 'dcm',
    make: (template, number) => dicomOf(template, number, { frameTime: '5000' }),
    reason: /expected the time between its \d+ frames/,
  },
];

/** @param brokenShare of all files, spread evenly */
export async function makeRecordings(folder: string, count: number, brokenShare: number): Promise<MadeFiles> {
  await mkdir(folder, { recursive: true });
  const templates = Array.from({ length: PHANTOMS }, (_, index) => templateOf(phantom(index)));
  const good: string[] = [];
  const bad = new Map<string, RegExp>();
  const brokenCount = Math.round(brokenShare * count);
  for (let number = 0; number < count; number++) {
    const template = templates[number % PHANTOMS]!;
    const isBroken =
      Math.floor(((number + 1) * brokenCount) / count) > Math.floor((number * brokenCount) / count);
    const name = `loop-${String(number).padStart(5, '0')}`;
    if (isBroken) {
      const { ending, make, reason } = broken[bad.size % broken.length]!;
      const file = join(folder, `${name}.${ending}`);
      await writeFile(file, make(template, number));
      bad.set(file, reason);
      continue;
    }
    const isDicom = number % 2 === 0;
    const file = join(folder, `${name}.${isDicom ? 'dcm' : 'nii.gz'}`);
    await writeFile(file, isDicom ? dicomOf(template, number) : niftiOf(template, number));
    good.push(file);
  }
  return { good, bad };
}
