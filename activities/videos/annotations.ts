/** The annotations of the source for a training that needs no images; they stay in memory, being a byte a pixel. */
import { DomainError } from '../../ground/errors.ts';
import { annotatedPart, isFullyAnnotated } from '../../imaging/annotation.ts';
import type { LabelVideo } from '../../imaging/image.ts';
import type { RunFacts } from '../artefacts/run-facts.ts';
import { type ActivityContext, breatheWhilePreparing } from '../context.ts';
import { prepareLabels } from './prepared-video.ts';
import { tryVideo } from './quarantine.ts';
import { refuseEmptyTraining } from './refuse-empty-training.ts';

export interface Annotations {
  /** Annotated frames alone. */
  readonly labels: readonly LabelVideo[];
  readonly quarantined: number;
}

/**
 * The label maps of the source's training videos on the grid of the networks, without the bad ones and without those
 * that do not know every structure: half a heart says nothing of its shape.
 * @throws DomainError DatasetInvalid when more videos are bad than the run allows, or none is left.
 */
export async function readAnnotations(
  run: string,
  { config, plan }: RunFacts,
  context: ActivityContext,
): Promise<Annotations> {
  const { train } = plan.source;
  const labels: LabelVideo[] = [];
  let usable = 0;
  for (const [index, id] of train.entries()) {
    const tried = await tryVideo(context, run, id, () =>
      prepareLabels(context, config.source, id, config.preprocessing),
    );
    if ('value' in tried) {
      usable++;
      const part = annotatedPart(tried.value, tried.value);
      if (isFullyAnnotated(part)) labels.push(part);
    }
    await breatheWhilePreparing(context, index + 1, train.length);
  }
  refuseEmptyTraining(config.source, train.length, usable, config.sweep.maxQuarantinedShare);
  if (labels.length === 0) {
    throw new DomainError(
      'DatasetInvalid',
      `Shapes are learnt from references that know ventricle and myocardium; of the ${train.length} training videos of ${config.source} none does. ` +
        'Add such videos, or set autoencoder.enabled to false.',
    );
  }
  return { labels, quarantined: train.length - usable };
}
