/** From folders of files to one report: pairs, scores, and what is said of all videos together. */
import { dirname, resolve } from 'node:path';
import { DomainError } from '../../ground/errors.ts';
import { compareMethods } from '../../metrics/comparison.ts';
import type { EvaluationReport, VideoScore } from '../../metrics/evaluation.ts';
import { biplaneStudies } from '../../metrics/studies.ts';
import { summariseWithIntervals } from '../../metrics/summary.ts';
import { summariseUncertainty } from '../../metrics/uncertainty-report.ts';
import { writeWholeFile } from '../../storage/whole-file.ts';
import type { FileProblem } from '../file-problem.ts';
import { requirePaths } from '../named-paths.ts';
import { findManifest, type VideoView } from './find-manifest.ts';
import { type EvaluationFolders, pairFiles, type VideoPair } from './pair-files.ts';
import { scoresCsv } from './score-csv.ts';
import type { FileNote, ScoreOutcome } from './score-file.ts';
import { scorePairs } from './score-pool.ts';

interface ScoredVideo extends ScoreOutcome {
  readonly score: VideoScore;
}

export interface EvaluateRequest extends EvaluationFolders {
  /** Table with study and view of every video; otherwise a manifest.csv in, or one above, the folders. */
  readonly manifest?: string | undefined;
  /** File to write one row a video into, with every measure. */
  readonly csv?: string | undefined;
}

/**
 * Scores every video of the folders by the metrics of method.md 9. What could not be used is listed and left out.
 * @throws DomainError ConfigInvalid for confidence without references; DatasetInvalid when a path is not there, there
 * is nothing to score, or the manifest is not one or was named and lists no video.
 */
export async function evaluate(
  { manifest: manifestFile, csv, ...folders }: EvaluateRequest,
  onDone: (done: number, total: number) => void = () => {},
): Promise<{ report: EvaluationReport; problems: FileProblem[]; notes: FileNote[] }> {
  if (folders.confidence !== undefined && folders.references === undefined) {
    throw new DomainError(
      'ConfigInvalid',
      '--confidence needs --references: how right a confidence is, only a reference tells. Add --references, or leave --confidence out.',
    );
  }
  const { predictions, references, baseline, confidence } = folders;
  const named = [predictions, references, baseline, confidence, manifestFile];
  const written = csv === undefined ? [] : [dirname(resolve(csv))];
  await requirePaths(
    [...named.filter((path) => path !== undefined), ...written],
    'DatasetInvalid',
    'Name folders of masks, the file of a manifest, and for --csv a file in a folder that is there.',
  );
  const manifest = await findManifest(folders, manifestFile);
  const { pairs, problems } = await pairFiles(folders);
  if (manifestFile !== undefined && pairs.length > 0 && !pairs.some(({ id }) => manifest.has(id))) {
    throw new DomainError(
      'DatasetInvalid',
      `${manifestFile} lists none of the videos, the first of which is ${pairs[0]!.id}. Its id must be the mask's file name without .nii.gz.`,
    );
  }
  const outcomes = await scorePairs(
    pairs.map((pair) => ({
      ...pair,
      ...knownOf(manifest.get(pair.id)),
      ...(folders.labelMap && { labelMap: folders.labelMap }),
    })),
    onDone,
  );
  problems.push(...outcomes.flatMap((outcome) => outcome.problems));
  const scored = outcomes.flatMap(({ score, ...rest }) =>
    score ? [{ ...rest, score: withView(score, manifest.get(score.id)) }] : [],
  );
  const videos = scored.map(({ score }) => score);
  const studies = biplaneStudies(scored.flatMap(studyView));
  const uncertainty = summariseUncertainty(scored);
  const report: EvaluationReport = {
    videos,
    summary: summariseWithIntervals(videos),
    ...(studies.length > 0 && { studies }),
    ...(uncertainty && { uncertainty }),
    ...(folders.baseline !== undefined && {
      comparison: compareMethods(
        scored.flatMap(({ score, baseline }) => (baseline ? [{ prediction: score, baseline }] : [])),
      ),
    }),
  };
  if (csv !== undefined) await writeWholeFile(csv, scoresCsv(videos));
  return { report, problems, notes: outcomes.flatMap((outcome) => outcome.notes) };
}

function knownOf(row: VideoView | undefined): Pick<VideoPair, 'known'> {
  return row?.known ? { known: row.known } : {};
}

function withView({ id, ...score }: VideoScore, row: VideoView | undefined): VideoScore {
  return { id, ...(row && { study: row.study, view: row.view }), ...score };
}

function studyView({ score, discs, referenceDiscs }: ScoredVideo) {
  const { id, study, view } = score;
  if (study === undefined || view === undefined || discs === undefined) return [];
  return [{ study, view, id, prediction: discs, ...(referenceDiscs && { reference: referenceDiscs }) }];
}
