/**
 * What lies around the windows of a fine-tuning (method.md 5.5): their videos, as this iteration's sweep segmented
 * them.
 */
import type { RunConfig } from '../../contracts/run-config.ts';
import type { FineTuneOptions } from '../../method/ppo/fine-tune.ts';
import { type LandmarkFreeMeasures, landmarkFreeMeasures } from '../../metrics/temporal.ts';
import { inParallel } from '../../storage/in-parallel.ts';
import { type ActivityContext, tellPreparing } from '../context.ts';
import { readPrediction } from '../videos/predictions.ts';
import { tryVideo } from '../videos/quarantine.ts';

/**
 * For windows drawn from `videos`, by their index. Undefined in a run without temporal penalty; a video that the sweep
 * could not predict, whose prediction is damaged, or that is no longer than a window, is judged by the window alone.
 */
export async function sweptSurroundings(
  videos: readonly string[],
  { run, iteration }: { readonly run: string; readonly iteration: number },
  { ppo, training }: RunConfig,
  context: ActivityContext,
): Promise<FineTuneOptions['surroundingsOf']> {
  if (!ppo.temporalPenalty) return undefined;
  const known = await inParallel(
    videos,
    async (id): Promise<LandmarkFreeMeasures | undefined> => {
      const tried = await tryVideo(context, run, id, () =>
        readPrediction({ run, iteration, split: 'target' }, id, context),
      );
      const swept = 'value' in tried ? tried.value : undefined;
      const longer = swept && swept.labels.frames > training.windowFrames;
      return longer ? landmarkFreeMeasures(swept.labels) : undefined;
    },
    { signal: context.signal, onProgress: (done, total) => tellPreparing(context, done, total) },
  );
  return ({ video, startFrame }) => {
    const measures = known[video];
    return measures && { measures, startFrame };
  };
}
