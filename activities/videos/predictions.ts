/** What the sweeps of a run made of its videos. */
import type { SweepSplit } from '../../contracts/activities.ts';
import { type NiftiLayout, readLabelFile } from '../../datasets/nifti.ts';
import type { ArtefactRef } from '../../ground/artefact-ref.ts';
import type { LabelVideo } from '../../imaging/image.ts';
import { findArtefact } from '../../storage/artefacts.ts';
import { runKeys } from '../../storage/keys.ts';
import type { ActivityContext } from '../context.ts';

export interface Sweep {
  readonly run: string;
  readonly iteration: number;
  readonly split: SweepSplit | 'plain';
}

export interface Prediction {
  readonly reference: ArtefactRef;
  /** On the grid of the networks in a sweep of the target, on that of the file in an evaluation. */
  readonly labels: LabelVideo;
  /** Of the file: by it a reference is brought onto its grid. */
  readonly layout: NiftiLayout;
}

/** Undefined for a video that was set aside when it was predicted, and counted there. */
export async function readPrediction(
  { run, iteration, split }: Sweep,
  id: string,
  context: ActivityContext,
): Promise<Prediction | undefined> {
  const reference = await findArtefact(context.store, runKeys.prediction(run, iteration, split, id));
  return reference && { reference, ...readLabelFile(await context.cache.read(reference), id) };
}
