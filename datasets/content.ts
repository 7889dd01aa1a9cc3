/**
 * Whether a file that can be read is a recording of a heart: masks, label volumes, slices of a volume and frozen
 * pictures can be read too. Every reason can be overruled by its name; nothing is refused without saying what was
 * expected and what was found.
 */
import type { GreyVideo } from '../imaging/image.ts';
import { isPlausibleFrameTime, limits } from './limits.ts';
import { findResidualText } from './residual-text.ts';
import { findSector } from './sector.ts';
import type { RecordedVideo } from './video-facts.ts';

/** Why a video may be refused or needs a look; `--force` takes these names. */
export const contentReasons = [
  'one-level',
  'few-levels',
  'levels-lost',
  'frame-time',
  'field-of-view',
  'still',
  'unrelated-frames',
  'few-frames',
  'no-sector',
  'residual-text',
] as const;
export type ContentReason = (typeof contentReasons)[number];

export interface ContentFinding {
  readonly reason: ContentReason;
  /** An error makes the video unusable unless it is forced; a warning is worth a look. */
  readonly severity: 'error' | 'warning';
  readonly expected: string;
  readonly found: string;
  /** What to do. */
  readonly advice: string;
}

/** Fewer levels than this are drawn, not recorded. */
const FEWEST_LEVELS = 17;
/** Levels that are enough for a network, however many more a source has. */
const ENOUGH_LEVELS = 128;
const FEWEST_FRAMES = 4;
/** Correlation of neighbouring frames below which they are not one recording. */
const LEAST_CORRELATION = 0.5;
const COMPARED_PAIRS = 8;

const error = (reason: ContentReason, expected: string, found: string, advice: string): ContentFinding => ({
  reason,
  severity: 'error',
  expected,
  found,
  advice,
});
const warning = (reason: ContentReason, expected: string, found: string, advice: string): ContentFinding => ({
  ...error(reason, expected, found, advice),
  severity: 'warning',
});

function levelFindings({ facts }: RecordedVideo): ContentFinding[] {
  const { distinctLevels, keptLevels } = facts;
  if (distinctLevels < FEWEST_LEVELS) {
    return [
      error(
        'few-levels',
        `a recording, with at least ${FEWEST_LEVELS} grey levels`,
        `${distinctLevels} different values`,
        'This looks like a mask or a label volume. Name masks with --labels, or leave the file out.',
      ),
    ];
  }
  if (keptLevels >= ENOUGH_LEVELS || 2 * keptLevels >= distinctLevels) return [];
  return [
    error(
      'levels-lost',
      `most of the ${distinctLevels} grey levels to be kept`,
      `${keptLevels} left after scaling`,
      'Clip outliers, or export the recording in 8 or 16 bits.',
    ),
  ];
}

function geometryFindings({ frames, rows, columns, spacingMm, frameTimeMs }: GreyVideo): ContentFinding[] {
  const findings: ContentFinding[] = [];
  const [shortest, longest] = limits.frameTimeMs;
  if (frames > 1 && !isPlausibleFrameTime(frameTimeMs)) {
    findings.push(
      error(
        'frame-time',
        `${shortest} to ${longest} ms between frames`,
        `${frameTimeMs} ms`,
        'The third axis may be that of a volume, in mm, or its unit may be wrong. For a recording, give --frame-time-ms.',
      ),
    );
  }
  const [least, greatest] = limits.fieldOfViewMm;
  const [height, width] = [rows * spacingMm[0], columns * spacingMm[1]];
  if (Math.min(height, width) < least || Math.max(height, width) > greatest) {
    findings.push(
      error(
        'field-of-view',
        `a picture of ${least} to ${greatest} mm a side`,
        `${height.toFixed(1)} x ${width.toFixed(1)} mm (rows x columns)`,
        'The unit of the pixel size may be wrong (NIfTI: xyzt_units). Correct the header.',
      ),
    );
  }
  return findings;
}

/** Pearson's correlation of two frames; 1 when one of them is flat. */
function correlation(a: Float32Array, b: Float32Array): number {
  let [sumA, sumB, squaresA, squaresB, products] = [0, 0, 0, 0, 0];
  for (let i = 0; i < a.length; i++) {
    sumA += a[i]!;
    sumB += b[i]!;
    squaresA += a[i]! * a[i]!;
    squaresB += b[i]! * b[i]!;
    products += a[i]! * b[i]!;
  }
  const n = a.length;
  const spread = (n * squaresA - sumA * sumA) * (n * squaresB - sumB * sumB);
  return spread > 0 ? (n * products - sumA * sumB) / Math.sqrt(spread) : 1;
}

/** Median correlation of some neighbouring frames, evenly spread over the video. */
function neighbourCorrelation({ frames, rows, columns, intensities }: GreyVideo): number {
  const pixels = rows * columns;
  const pairs = Math.min(COMPARED_PAIRS, frames - 1);
  const found = Array.from({ length: pairs }, (_, i) => {
    const start = Math.floor((i * (frames - 1)) / pairs) * pixels;
    return correlation(
      intensities.subarray(start, start + pixels),
      intensities.subarray(start + pixels, start + 2 * pixels),
    );
  }).sort((a, b) => a - b);
  return found[Math.floor(pairs / 2)] ?? 1;
}

function motionFindings(video: GreyVideo): ContentFinding[] {
  const { frames, rows, columns, intensities } = video;
  const pixels = rows * columns;
  const few =
    frames < FEWEST_FRAMES
      ? [
          warning(
            'few-frames',
            `at least ${FEWEST_FRAMES} frames for a window over time`,
            `${frames}`,
            'Export the whole loop. Writing on a picture that hardly moves is not found: look whether it shows a name or a date.',
          ),
        ]
      : [];
  if (frames === 1) return few;
  if (intensities.every((value, i) => value === intensities[i % pixels])) {
    return [
      ...few,
      error(
        'still',
        'a moving picture',
        `${frames} identical frames`,
        'Export the loop and not a frozen picture.',
      ),
    ];
  }
  const related = neighbourCorrelation(video);
  if (related < LEAST_CORRELATION) {
    return [
      ...few,
      error(
        'unrelated-frames',
        `neighbouring frames that resemble each other (correlation of at least ${LEAST_CORRELATION})`,
        related.toFixed(2),
        'These may be single pictures or slices in one file. Export one recording per file.',
      ),
    ];
  }
  return [...few, ...sectorFindings(video)];
}

function sectorFindings(video: GreyVideo): ContentFinding[] {
  const sector = findSector(video);
  if (sector === undefined) {
    return [
      warning(
        'no-sector',
        'an ultrasound sector, moving all over',
        'no larger region that changes',
        'What is written around the picture cannot be told from it. Look at the video.',
      ),
    ];
  }
  const text = findResidualText(video, sector);
  if (text === undefined) return [];
  const { pixels, top, bottom, left, right } = text;
  return [
    warning(
      'residual-text',
      'nothing written inside the sector',
      `${pixels} bright pixels with sharp edges that never change, rows ${top} to ${bottom}, columns ${left} to ${right}`,
      'Look at the video: it may show a name or a date.',
    ),
  ];
}

/** All that speaks against the video, errors and warnings; an empty list for a sound recording. */
export function checkContent(video: RecordedVideo): ContentFinding[] {
  const { intensities } = video;
  if (intensities.every((value) => value === intensities[0])) {
    return [error('one-level', 'a picture', 'one grey level in all frames', 'Export the recording again.')];
  }
  return [...levelFindings(video), ...geometryFindings(video), ...motionFindings(video)];
}

/** The finding as a sentence. */
export function findingText({
  expected,
  found,
  advice,
}: Omit<ContentFinding, 'reason' | 'severity'>): string {
  return `expected ${expected}, found ${found}. ${advice}`;
}
