/**
 * Small public files of kinds that users bring, where they lie beside the project (they are not part of it): each row
 * of their list, brought in as `ingest` does, gives what the list calls right. What it rests on is tested by files that
 * are made up, beside the readers.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { MemoryStore } from '../../storage/memory-store.ts';
import type { IngestReason } from './ingest-reasons.ts';
import { type IngestRequest, ingestVideos } from './ingest-videos.ts';
import { planIngestion } from './plan-ingestion.ts';

const folder = join(import.meta.dirname, '..', '..', '..', 'shared', 'data', 'cases');
const isPresent = existsSync(join(folder, 'LIST.md'));
if (!isPresent) console.warn('SKIPPED: the public cases are not beside the project');

type Expected =
  | { readonly frames: number; readonly spacingMm: number; readonly frameTimeMs: number }
  /** Set aside, with the reasons that can be forced. */
  | { readonly message: RegExp; readonly reasons: readonly IngestReason[] }
  /** No recording, and sound. */
  | { readonly skipped: RegExp };

const stored = (frames: number, spacingMm: number, frameTimeMs: number): Expected => ({
  frames,
  spacingMm,
  frameTimeMs,
});
const refused = (message: RegExp, ...reasons: IngestReason[]): Expected => ({ message, reasons });
const skipped = (reason: RegExp): Expected => ({ skipped: reason });
const noUltrasound = (title: RegExp): Expected =>
  refused(new RegExp(`expected ultrasound, found ${title.source}`), 'not-ultrasound');

const half = 1.021;
const pixelSizeMissing = refused(/expected a pixel size .*found none.*--spacing-mm/);

/** Without any option. */
const expectedOf: Readonly<Record<string, Expected>> = {
  'ct-jpegbaseline-grey-1f.dcm': noUltrasound(/a CT image/),
  'ct-no-preamble.dcm': refused(/looks like one without its preamble/),
  'derived-encapsulated-pdf.dcm': skipped(/this is a PDF document/),
  'derived-us-cinerate-4f.dcm': stored(4, half, 20),
  'derived-us-deflated-grey-10f.dcm': stored(10, half, 33.333),
  'derived-us-frametimevector-5f.dcm': stored(5, half, 40),
  'derived-us-j2k-lossless-grey-10f.dcm': stored(10, half, 33.333),
  'derived-us-mpeg4-in-dicom.dcm': refused(/a film \(MPEG-4 \(H\.264\)\), for which ffmpeg is needed/),
  'derived-us-nocalibration-4f.dcm': pixelSizeMissing,
  'derived-us-rle-grey-10f.dcm': stored(10, half, 33.333),
  dicomdir: skipped(/this is a DICOMDIR/),
  'ecg-waveform.dcm': skipped(/this is a waveform/),
  'htj2k-rgb-1f.dcm': noUltrasound(/a secondary capture/),
  'metaimage-mha.mha': refused(/expected 1 to 250 ms between frames/, 'frame-time'),
  'mr-padded.dcm': noUltrasound(/an MR image/),
  'mr-truncated.dcm': noUltrasound(/an MR image/),
  'nifti-3d-anatomical.nii': refused(/third axis may be that of a volume/, 'frame-time'),
  'nifti-minimal.nii.gz': refused(/third axis may be that of a volume/, 'frame-time', 'still'),
  'nifti-orient-LAS.nii.gz': refused(/third axis may be that of a volume/, 'frame-time'),
  'nm-heart-13f-16bit.dcm': noUltrasound(/a nuclear medicine image/),
  'no-preamble-dicm-in-data': refused(/expected a DICOM file, found a header that cannot be read/),
  'pair-ras.hdr': refused(/one of a pair .*single file/),
  'pair-ras.img': refused(/one of a pair .*single file/),
  'rtstruct.dcm': skipped(/this is a radiotherapy plan or set of structures/),
  'sc-jpegbaseline-rgb-nomarker-2.dcm': noUltrasound(/a secondary capture/),
  'sc-jpegbaseline-rgb-nomarker.dcm': noUltrasound(/a secondary capture/),
  'sc-rle-rgb-2f.dcm': noUltrasound(/a secondary capture/),
  'seg-3f-1bit.dcm': skipped(/this is a segmentation/),
  'slide-rgb-25f-10x10.dcm': noUltrasound(/a microscopy slide/),
  'sr-report.dcm': skipped(/this is a report/),
  'us-j2k-lossless-rct-1f.dcm': pixelSizeMissing,
  'us-jpegbaseline-8f-fragmented-nobot.dcm': stored(8, 2.294, 42.917),
  'us-jpeglossless-grey-1f.dcm': stored(1, 0.255, 0),
  'us-jpegls-grey-1f.dcm': pixelSizeMissing,
  'us-palette-1f-2regions.dcm': refused(/its corner at row 518, .*pixel size is not known.*--spacing-mm/),
  'us-rgb-bigendian-planar-1f-small.dcm': pixelSizeMissing,
  'us-rle-palette-1f-no-spacing.dcm': stored(1, 0.331, 0),
  'us-rle-palette-2f-obstetric.dcm': refused(/expected the time between its 2 frames.*--frame-time-ms/),
  'us-ybr422-uncompressed-1f.dcm': stored(1, 0.062, 0),
};

/** What becomes of those that need a word from a person, once they have it. */
const withOptions: readonly [file: string, Pick<IngestRequest, 'reading' | 'force'>, Expected][] = [
  ['derived-us-nocalibration-4f.dcm', { reading: { spacingMm: [half, half] } }, stored(4, half, 33.333)],
  ['us-palette-1f-2regions.dcm', { reading: { spacingMm: [0.3, 0.3] } }, stored(1, 0.3, 0)],
  [
    'us-rle-palette-2f-obstetric.dcm',
    { reading: { frameTimeMs: 50 } },
    refused(/neighbouring frames that resemble each other/, 'unrelated-frames'),
  ],
  [
    'us-rle-palette-2f-obstetric.dcm',
    { reading: { frameTimeMs: 50 }, force: ['unrelated-frames'] },
    stored(2, 0.262, 50),
  ],
  [
    'us-j2k-lossless-rct-1f.dcm',
    { reading: { spacingMm: [0.3, 0.3] }, force: ['burned-in-text'] },
    stored(1, 0.3, 0),
  ],
  [
    'us-jpegls-grey-1f.dcm',
    { reading: { spacingMm: [0.3, 0.3] }, force: ['burned-in-text'] },
    stored(1, 0.3, 0),
  ],
  [
    'sc-jpegbaseline-rgb-nomarker-2.dcm',
    { reading: { spacingMm: [0.5, 0.5] }, force: ['not-ultrasound', 'burned-in-text'] },
    stored(1, 0.5, 0),
  ],
  [
    'mr-truncated.dcm',
    { force: ['not-ultrasound', 'burned-in-text'] },
    refused(/expected 8192 bytes of pixels, found 8130/),
  ],
  [
    'derived-us-cinerate-4f.dcm',
    { reading: { frameTimeMs: 25 } },
    refused(/given is 25 ms, the header states 20 ms \(CineRate\)/, 'frame-time-conflict'),
  ],
];

function listedFiles(): string[] {
  const lines = readFileSync(join(folder, 'LIST.md'), 'utf8').split('\n');
  const names = lines.filter((line) => line.startsWith('| ')).map((line) => line.split('|')[1]!.trim());
  return names.filter((name) => name !== 'file' && name !== '---');
}

async function expectOutcome(
  name: string,
  expected: Expected,
  options: Partial<IngestRequest> = {},
): Promise<void> {
  const file = join(folder, name);
  const plan = await planIngestion({ paths: [file] });
  const request = { dataset: 'd', keepNames: false, view: 'a4c', ...options };
  const outcome = await ingestVideos(new MemoryStore(), plan, request);
  if ('skipped' in expected) {
    expect(outcome.skipped).toEqual([{ file, reason: expect.stringMatching(expected.skipped) }]);
    return;
  }
  if ('message' in expected) {
    const { message, reasons } = expected;
    expect(outcome.quarantined).toEqual([
      expect.objectContaining({ file, reasons, message: expect.stringMatching(message) }),
    ]);
    return;
  }
  expect(outcome.quarantined).toEqual([]);
  const [video] = outcome.accepted;
  expect(video!.frames).toBe(expected.frames);
  expect(video!.spacingRowMm).toBeCloseTo(expected.spacingMm, 3);
  expect(video!.frameTimeMs).toBeCloseTo(expected.frameTimeMs, 2);
  expect(video!.facts.keptLevels).toBe(video!.facts.distinctLevels);
}

describe.skipIf(!isPresent)('the public cases', () => {
  test('are those that are expected here, row by row', () => {
    expect(listedFiles().sort()).toEqual(Object.keys(expectedOf).sort());
  });

  test.each(Object.entries(expectedOf))('%s', (name, expected) => expectOutcome(name, expected));

  test.each(withOptions)('%s with %o', (name, options, expected) => expectOutcome(name, expected, options));
});
