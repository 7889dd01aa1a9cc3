/**
 * Small public files as users bring them, where they lie beside the project; they are not part of it, and their list
 * says what is right.
 */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { decodePixels } from './decode-pixels.ts';
import type { GreyValues } from './grey-values.ts';
import { readHeader } from './header.ts';
import { type PixelLayout, pixelLayoutOf } from './pixel-layout.ts';
import { type DicomOptions, readDicom } from './read-dicom.ts';

const folder = new URL('../../../shared/data/cases/', import.meta.url);
const hasCases = existsSync(new URL('LIST.md', folder));
if (!hasCases)
  console.warn(
    'SKIPPED: the public DICOM cases are not beside the project; generated files test the same code.',
  );

interface Case {
  readonly file: string;
  /** First 16 digits of SHA-256 over the reference pixels, where pydicom decodes the file. */
  readonly sha: string | undefined;
  /** Mean, least and greatest luma of its first frame. */
  readonly luma: readonly [mean: number, least: number, greatest: number];
}

function readCases(): Case[] {
  return readFileSync(new URL('LIST.md', folder), 'utf8')
    .split('\n')
    .flatMap((line) => {
      const [, file, , reference] = line.split('|').map((cell) => cell.trim());
      if (!file || !(file.endsWith('.dcm') || file === 'dicomdir')) return [];
      const sha = reference?.match(/sha ([0-9a-f]{16})/)?.[1];
      const luma = reference
        ?.match(/min\/max ([\d.]+)\/([\d.]+)\/([\d.]+)/)
        ?.slice(1)
        .map(Number);
      return [{ file, sha, luma: (luma ?? [0, 0, 0]) as [number, number, number] }];
    });
}

/** Numbers of a grey file as they are stored, which the reference's digest is over. */
function storedBytes(values: GreyValues, { bitsAllocated, isSigned }: PixelLayout): Uint8Array {
  if (bitsAllocated === 8) return Uint8Array.from(values);
  return new Uint8Array((isSigned ? Int16Array.from(values) : Uint16Array.from(values)).buffer);
}

const bytesOf = (file: string) => readFileSync(new URL(file, folder));
/** Not decoded: a film, one bit a sample, pixels cut short. */
const UNDECODED = ['derived-us-mpeg4-in-dicom.dcm', 'seg-3f-1bit.dcm', 'mr-truncated.dcm'];

describe.skipIf(!hasCases)('pixels of the public cases', () => {
  const cases = hasCases ? readCases().filter(({ file, sha }) => sha && !UNDECODED.includes(file)) : [];

  test.each(cases)(
    '$file has the pixels of pydicom',
    async ({ file, sha, luma: [mean, least, greatest] }) => {
      const header = readHeader(bytesOf(file), file);
      const layout = pixelLayoutOf(header.dataSet, file);
      const { values } = await decodePixels(header, layout, file, undefined);
      const isLossy = header.transferSyntax.encoding === 'jpeg';
      if (!isLossy && layout.samples === 1 && layout.photometric !== 'PALETTE COLOR') {
        const digest = createHash('sha256').update(storedBytes(values, layout)).digest('hex');
        expect(digest.slice(0, 16)).toBe(sha);
      }
      const first = Float64Array.from(values.subarray(0, layout.rows * layout.columns));
      // Luma is rounded here, and not in the reference.
      expect(Math.abs(first.reduce((sum, value) => sum + value, 0) / first.length - mean)).toBeLessThan(0.3);
      expect(Math.abs(first.reduce((a, b) => Math.min(a, b), Infinity) - least)).toBeLessThan(2);
      expect(Math.abs(first.reduce((a, b) => Math.max(a, b), 0) - greatest)).toBeLessThan(2);
    },
  );
});

/** The video's numbers, or the refusal. */
type Outcome = { spacingMm: number; frameTimeMs: number; frames: number } | RegExp;

/** What each gives as it is, and those that need a word from the person, with it. */
const outcomes: [file: string, outcome: Outcome, options?: DicomOptions][] = [
  ['ct-jpegbaseline-grey-1f.dcm', /expected ultrasound, found a CT image/],
  ['ct-no-preamble.dcm', /looks like one without its preamble/],
  ['derived-encapsulated-pdf.dcm', /this is a PDF document, not a recording/],
  ['derived-us-cinerate-4f.dcm', { spacingMm: 1.021, frameTimeMs: 20, frames: 4 }],
  ['derived-us-deflated-grey-10f.dcm', { spacingMm: 1.021, frameTimeMs: 33.333, frames: 10 }],
  ['derived-us-frametimevector-5f.dcm', { spacingMm: 1.021, frameTimeMs: 40, frames: 5 }],
  ['derived-us-j2k-lossless-grey-10f.dcm', { spacingMm: 1.021, frameTimeMs: 33.333, frames: 10 }],
  ['derived-us-mpeg4-in-dicom.dcm', /found a film \(MPEG-4 \(H\.264\)\), for which ffmpeg is needed/],
  ['derived-us-nocalibration-4f.dcm', /expected a pixel size/],
  [
    'derived-us-nocalibration-4f.dcm',
    { spacingMm: 0.5, frameTimeMs: 33.333, frames: 4 },
    { spacingMm: [0.5, 0.5] },
  ],
  ['derived-us-rle-grey-10f.dcm', { spacingMm: 1.021, frameTimeMs: 33.333, frames: 10 }],
  ['dicomdir', /this is a DICOMDIR/],
  ['ecg-waveform.dcm', /this is a waveform/],
  ['htj2k-rgb-1f.dcm', /expected ultrasound, found a secondary capture/],
  ['mr-padded.dcm', /found an MR image/],
  ['mr-truncated.dcm', /found an MR image/],
  [
    'mr-truncated.dcm',
    /expected 8192 bytes of pixels, found 8130/,
    { force: ['not-ultrasound', 'burned-in-text'] },
  ],
  ['nm-heart-13f-16bit.dcm', /found a nuclear medicine image/],
  ['no-preamble-dicm-in-data', /expected a DICOM file/],
  ['rtstruct.dcm', /this is a radiotherapy plan or set of structures/],
  ['sc-jpegbaseline-rgb-nomarker.dcm', /found a secondary capture/],
  [
    'sc-jpegbaseline-rgb-nomarker-2.dcm',
    { spacingMm: 0.5, frameTimeMs: 0, frames: 1 },
    { spacingMm: [0.5, 0.5], force: ['not-ultrasound', 'burned-in-text'] },
  ],
  ['sc-rle-rgb-2f.dcm', /found a secondary capture/],
  ['seg-3f-1bit.dcm', /this is a segmentation, not a recording/],
  ['slide-rgb-25f-10x10.dcm', /found a microscopy slide/],
  ['sr-report.dcm', /this is a report/],
  ['us-j2k-lossless-rct-1f.dcm', /expected a pixel size/],
  ['us-jpegbaseline-8f-fragmented-nobot.dcm', { spacingMm: 2.294, frameTimeMs: 42.917, frames: 8 }],
  ['us-jpeglossless-grey-1f.dcm', { spacingMm: 0.255, frameTimeMs: 0, frames: 1 }],
  [
    'us-jpegls-grey-1f.dcm',
    /expected an ultrasound region smaller than the picture, or a picture that moves/,
    { spacingMm: [0.3, 0.3] },
  ],
  ['us-palette-1f-2regions.dcm', /found its corner at row 518, column 800, outside it/],
  ['us-palette-1f-2regions.dcm', { spacingMm: 0.3, frameTimeMs: 0, frames: 1 }, { spacingMm: [0.3, 0.3] }],
  ['us-rgb-bigendian-planar-1f-small.dcm', /expected a pixel size/],
  ['us-rle-palette-1f-no-spacing.dcm', { spacingMm: 0.331, frameTimeMs: 0, frames: 1 }],
  ['us-rle-palette-2f-obstetric.dcm', /expected the time between its 2 frames/],
  ['us-rle-palette-2f-obstetric.dcm', { spacingMm: 0.262, frameTimeMs: 50, frames: 2 }, { frameTimeMs: 50 }],
  ['us-ybr422-uncompressed-1f.dcm', { spacingMm: 0.062, frameTimeMs: 0, frames: 1 }],
];

describe.skipIf(!hasCases)('what the public cases give', () => {
  test('is said for each DICOM file of the list', () => {
    const named = new Set(outcomes.map(([file]) => file));
    expect(readCases().filter(({ file }) => !named.has(file))).toEqual([]);
  });

  test.each(outcomes)('%s: %o', async (...[file, outcome, options = {}]) => {
    const reading = readDicom(bytesOf(file), file, options);
    if (outcome instanceof RegExp) {
      await expect(reading).rejects.toThrow(outcome);
      return;
    }
    const { spacingMm, frameTimeMs, frames } = await reading;
    expect(frames).toBe(outcome.frames);
    expect(frameTimeMs).toBeCloseTo(outcome.frameTimeMs, 2);
    expect(spacingMm[0]).toBeCloseTo(outcome.spacingMm, 3);
  });
});
