/** Scores the files of one video; everything that can be wrong with them comes back as a problem. */
import { readFile } from 'node:fs/promises';
import { readConfidenceMap } from '../../datasets/confidence-map.ts';
import { statesNoGeometry } from '../../datasets/default-header.ts';
import {
  type NiftiLayout,
  readAlignedLabels,
  readLabelFile,
  readNiftiLayout,
  readReference,
} from '../../datasets/nifti.ts';
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

/** What a person should know of how a file was read. */
export interface FileNote {
  readonly file: string;
  readonly note: string;
}

/** What is known of a video after its files were read: small, so that thousands of them fit into memory. */
export interface ScoreOutcome {
  /** Absent when prediction or reference could not be used. */
  readonly score?: VideoScore;
  readonly baseline?: VideoScore;
  readonly reliability?: readonly ReliabilityBin[];
  readonly discs?: KeyFrameDiscs;
  readonly referenceDiscs?: KeyFrameDiscs;
  readonly problems: readonly FileProblem[];
  readonly notes: readonly FileNote[];
}

/** Holds the files of one video in memory at a time. */
export async function scoreFile(pair: VideoPair): Promise<ScoreOutcome> {
  const problems: FileProblem[] = [];
  const notes: FileNote[] = [];
  const attempt = async <Result>(
    file: string,
    work: (notes: string[]) => Promise<Result>,
  ): Promise<Result | undefined> => {
    const said: string[] = [];
    try {
      const result = await work(said);
      notes.push(...said.map((note) => ({ file, note })));
      return result;
    } catch (error) {
      problems.push(problemOf(file, error));
      return undefined;
    }
  };
  const { labelMap } = pair;
  const read = await attempt(pair.prediction, (said) => readPrediction(pair, said));
  const { reference: referenceFile, known } = pair;
  const reference =
    referenceFile === undefined || !read
      ? undefined
      : await attempt(referenceFile, async (said) => {
          const bytes = await readFile(referenceFile);
          const options = { labelMap, notes: said };
          return withStatedAnnotation(readReference(bytes, referenceFile, read, options), known ?? {});
        });
  if (!read || (referenceFile !== undefined && !reference)) return { problems, notes };
  const { layout: _, ...prediction } = read;

  const score = await attempt(pair.prediction, async () => {
    requireSameSpacing(prediction, reference);
    return scoreVideo(pair.id, prediction, reference);
  });
  if (!score) return { problems, notes };

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
      : await attempt(baselineFile, async (said) => {
          const options = { labelMap, notes: said };
          const other = readAlignedLabels(await readFile(baselineFile), baselineFile, read, options);
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
    notes,
  };
}

type FileGrid = LabelVideo & { readonly layout: NiftiLayout };

/** By its own header, or where that states no geometry by the reference's, in which distances then are. */
async function readPrediction(
  { prediction, reference, labelMap }: VideoPair,
  notes: string[],
): Promise<FileGrid> {
  const bytes = await readFile(prediction);
  const alone = (file: string, of: Uint8Array): FileGrid => {
    const { labels, layout } = readLabelFile(of, file, { labelMap });
    return { ...labels, layout };
  };
  if (reference === undefined || !statesNoGeometry(readNiftiLayout(bytes, prediction))) {
    return alone(prediction, bytes);
  }
  const target = alone(reference, await readFile(reference));
  const { layout } = target;
  return { ...readAlignedLabels(bytes, prediction, target, { labelMap, notes }), layout };
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
