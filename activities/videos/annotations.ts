/** The annotations of the source for a training that needs no images; they stay in memory, being a byte a pixel. */
import type { LabelVideo } from '../../imaging/image.ts';
import type { RunFacts } from '../artefacts/run-facts.ts';
import { type ActivityContext, breatheWhilePreparing } from '../context.ts';
import { prepareLabels } from './prepared-video.ts';
import { tryVideo } from './quarantine.ts';
import { refuseEmptyTraining } from './refuse-empty-training.ts';

/**
 * The label maps of the source's training videos on the grid of the networks, without the bad ones.
 * @throws DomainError DatasetInvalid when more videos are bad than the run allows.
 */
export async function readAnnotations(
  run: string,
  { config, plan }: RunFacts,
  context: ActivityContext,
): Promise<LabelVideo[]> {
  const { train } = plan.source;
  const labels: LabelVideo[] = [];
  for (const [index, id] of train.entries()) {
    const tried = await tryVideo(context, run, id, () =>
      prepareLabels(context, config.source, id, config.preprocessing),
    );
    if ('value' in tried) labels.push(tried.value);
    await breatheWhilePreparing(context, index + 1, train.length);
  }
  refuseEmptyTraining(config.source, train.length, labels.length, config.sweep.maxQuarantinedShare);
  return labels;
}
