/** The annotated target videos that a run scores, as images with their reference, on the grid of the file. */

import { readRun } from '../../activities/artefacts/run-facts.ts';
import type { ActivityContext } from '../../activities/context.ts';
import { readLabels } from '../../activities/videos/prepared-video.ts';
import type { RunInput } from '../../contracts/activities.ts';
import { readGreyNifti } from '../../datasets/nifti.ts';
import type { GreyVideo, LabelVideo } from '../../imaging/image.ts';
import { findArtefact, readArtefact } from '../../storage/artefacts.ts';
import { datasetKeys } from '../../storage/keys.ts';

export interface TestVideo {
  readonly id: string;
  readonly video: GreyVideo;
  readonly reference: LabelVideo;
}

export async function* testVideos(refs: RunInput, context: ActivityContext): AsyncIterable<TestVideo> {
  const { config, plan } = await readRun(refs, context);
  for (const id of plan.test.flat()) {
    const found = await findArtefact(context.store, datasetKeys.video(config.target, id));
    if (!found) throw new Error(`The benchmark's video ${id} is not in its store.`);
    const video = readGreyNifti(await readArtefact(context.store, found), id);
    yield { id, video, reference: await readLabels(context, config.target, id) };
  }
}
