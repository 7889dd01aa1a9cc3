/** From folders of files to one report: pairs, scores, and what is said of all videos together. */
import { DomainError } from '../../ground/errors.ts';
import { compareMethods } from '../../metrics/comparison.ts';
import type { EvaluationReport, VideoScore } from '../../metrics/evaluation.ts';
import { biplaneStudies } from '../../metrics/studies.ts';
import { summariseWithIntervals } from '../../metrics/summary.ts';
import { summariseUncertainty } from '../../metrics/uncertainty-report.ts';
import type { FileProblem } from '../file-problem.ts';
import { findManifest, type VideoView } from './find-manifest.ts';
import { type EvaluationFolders, pairFiles, type VideoPair } from './pair-files.ts';
import type { ScoreOutcome } from './score-file.ts';
import { scorePairs } from './score-pool.ts';

interface ScoredVideo extends ScoreOutcome {
  readonly score: VideoScore;
}

/**
 * Scores every video of the folders. What could not be used is listed and left out.
 * @throws DatasetInvalid when there is nothing to score, or the manifest is not one or was named and lists no video.
 */
export async function evaluateFolders(
  folders: EvaluationFolders,
  manifestFile: string | undefined,
  onDone: (done: number, total: number) => void,
): Promise<{ report: EvaluationReport; problems: FileProblem[] }> {
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
  return { report, problems };
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
