/** Scores one pair of files; everything that can be wrong with them comes back as a problem. */
import { readFile } from 'node:fs/promises';
import type { VideoScore } from '../../contracts/evaluation.ts';
import { readLabelNifti } from '../../datasets/nifti.ts';
import { scoreVideo } from '../../metrics/score-video.ts';
import { type FileProblem, problemOf } from '../file-problem.ts';
import type { VideoPair } from './pair-files.ts';

export type ScoreOutcome = { readonly score: VideoScore } | { readonly problem: FileProblem };

/** Holds one pair of videos in memory at a time. */
export async function scoreFile(pair: VideoPair): Promise<ScoreOutcome> {
  let reading = pair.prediction;
  try {
    const prediction = readLabelNifti(await readFile(pair.prediction), pair.prediction);
    if (pair.reference === undefined) return { score: scoreVideo(pair.id, prediction, undefined) };
    reading = pair.reference;
    const reference = readLabelNifti(await readFile(pair.reference), pair.reference);
    reading = pair.prediction;
    return { score: scoreVideo(pair.id, prediction, reference) };
  } catch (error) {
    return { problem: problemOf(reading, error) };
  }
}
