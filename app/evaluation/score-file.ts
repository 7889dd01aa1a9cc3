/** Scores the files of one video; everything that can be wrong with them comes back as a problem. */
import { readFile } from 'node:fs/promises';
import { readConfidenceMap } from '../../datasets/confidence-map.ts';
import { type NiftiLayout, readAlignedLabels, readLabelFile, readReference } from '../../datasets/nifti.ts';
import { DomainError } from '../../ground/errors.ts';
import { annotatedFramesOf, annotatedPart, withStatedAnnotation } from '../../imaging/annotation.ts';
import type { LabelVideo } from '../../imaging/image.ts';
import { type KeyFrameDiscs, keyFrameDiscs } from '../../metrics/clinical.ts';
import type { VideoScore } from '../../metrics/evaluation.ts';
import { scoreVideo } from '../../metrics/score-video.ts';
import type { ReliabilityBin } from '../../metrics/uncertainty.ts';
import { scoreUncertainty } from '../../metrics/uncertainty-report.ts';
import { type FileProblem, problemOf } from '../file-problem.ts';
import type { VideoPair } from './pair-files.ts';

/** What is known of a video after its files were read: small, so that thousands of them fit into memory. */
export interface ScoreOutcome {
  /** Absent when prediction or reference could not be used. */
  readonly score?: VideoScore;
  readonly baseline?: VideoScore;
  readonly reliability?: readonly ReliabilityBin[];
  readonly discs?: KeyFrameDiscs;
  readonly referenceDiscs?: KeyFrameDiscs;
  readonly problems: readonly FileProblem[];
}

/** Holds the files of one video in memory at a time. */
export async function scoreFile(pair: VideoPair): Promise<ScoreOutcome> {
  const problems: FileProblem[] = [];
  const attempt = async <Result>(file: string, work: () => Promise<Result>): Promise<Result | undefined> => {
    try {
      return await work();
    } catch (error) {
      problems.push(problemOf(file, error));
      return undefined;
    }
  };
  const { labelMap } = pair;
  const read = await attempt(pair.prediction, async () => {
    const { labels, layout } = readLabelFile(await readFile(pair.prediction), pair.prediction, { labelMap });
    return { ...labels, layout } satisfies LabelVideo & { layout: NiftiLayout };
  });
  const { reference: referenceFile, known } = pair;
  const reference =
    referenceFile === undefined || !read
      ? undefined
      : await attempt(referenceFile, async () => {
          const bytes = await readFile(referenceFile);
          return withStatedAnnotation(readReference(bytes, referenceFile, read, { labelMap }), known ?? {});
        });
  if (!read || (referenceFile !== undefined && !reference)) return { problems };
  const { layout: _, ...prediction } = read;

  const score = await attempt(pair.prediction, async () => {
    requireSameSpacing(prediction, reference);
    return scoreVideo(pair.id, prediction, reference);
  });
  if (!score) return { problems };

  const { confidence: confidenceFile, baseline: baselineFile } = pair;
  const uncertainty =
    confidenceFile === undefined || !reference
      ? undefined
      : await attempt(confidenceFile, async () => {
          const map = readConfidenceMap(await readFile(confidenceFile), confidenceFile, read);
          return scoreUncertainty(prediction, reference, map);
        });
  const baseline =
    baselineFile === undefined
      ? undefined
      : await attempt(baselineFile, async () => {
          const other = readAlignedLabels(await readFile(baselineFile), baselineFile, read, { labelMap });
          requireSameSpacing(other, reference ?? prediction);
          return scoreVideo(pair.id, other, reference);
        });
  return {
    score: { ...score, ...(uncertainty && { uncertainty: uncertainty.scores }) },
    ...(baseline && { baseline }),
    ...(uncertainty && { reliability: uncertainty.reliability }),
    discs: keyFrameDiscs(prediction),
    ...(reference && referenceDiscsOf(reference)),
    problems,
  };
}

/** End-diastole and end-systole are two frames: one annotated frame gives no discs. */
function referenceDiscsOf(reference: LabelVideo): Pick<ScoreOutcome, 'referenceDiscs'> {
  if (annotatedFramesOf(reference).length < 2) return {};
  return { referenceDiscs: keyFrameDiscs(annotatedPart(reference, reference)) };
}

/** Share by which pixel sizes may differ: headers and tools round. */
const SPACING_TOLERANCE = 0.01;

/** Distances in mm would be wrong in silence where two files of one video disagree about the size of a pixel. */
function requireSameSpacing(mask: LabelVideo, other: LabelVideo | undefined): void {
  if (other === undefined) return;
  const same = mask.spacingMm.every(
    (mm, axis) => Math.abs(mm - other.spacingMm[axis]!) <= SPACING_TOLERANCE * other.spacingMm[axis]!,
  );
  if (same) return;
  throw new DomainError(
    'GeometryMismatch',
    `The mask's pixels are ${mask.spacingMm.join(' x ')} mm (row, column), those of the file it is compared with ` +
      `${other.spacingMm.join(' x ')} mm. Write the original video's pixel size into the mask's header.`,
  );
}
