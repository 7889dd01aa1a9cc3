/**
 * The landmark examples of the annotated source (method.md 5.2): made and stored video by video, then read by the fit.
 */
import type { RunConfig } from '../../contracts/run-config.ts';
import type { FitLandmarkInput } from '../../contracts/training-activities.ts';
import { randomStream } from '../../ground/random.ts';
import { landmarkExamples } from '../../method/rewards/landmark-labelling.ts';
import { loadNetwork } from '../artefacts/networks.ts';
import type { RunFacts } from '../artefacts/run-facts.ts';
import { activityKeys } from '../artefacts/run-keys.ts';
import { type ActivityContext, breathe, breatheWhilePreparing, logWork } from '../context.ts';
import { preparedVideo, wholePreparedVideo } from '../videos/prepared-frames.ts';
import { prepareLabels } from '../videos/prepared-video.ts';
import { tryVideo } from '../videos/quarantine.ts';
import { refuseEmptyTraining } from '../videos/refuse-empty-training.ts';
import { DegradedPolicy } from './degraded-policy.ts';
import { StoredTriples, type TriplesOfVideo } from './stored-triples.ts';
import { findReadableTriples, storeTriples } from './triple-artefacts.ts';
import { encodeLevelTriples, type TripleChunks } from './triple-chunks.ts';

/**
 * Labels every source video that is not labelled yet. `quarantined` counts videos that could not be used.
 * @throws DomainError DatasetInvalid when more videos are bad than the run allows.
 */
export async function landmarkTriples(
  input: FitLandmarkInput,
  facts: RunFacts,
  context: ActivityContext,
): Promise<{ triples: StoredTriples; quarantined: number }> {
  const { config, plan } = facts;
  const { train, studies } = plan.source;
  const labelling = new LandmarkLabelling(input, config, context);
  const found: TriplesOfVideo[] = [];
  let quarantined = 0;
  try {
    for (const [index, id] of train.entries()) {
      const tried = await tryVideo(context, input.run, id, async () => {
        const keys = activityKeys.landmarkTriples(input.run, id);
        const triples = (await findReadableTriples(context, keys)) ?? (await labelling.store(id, keys.key));
        const image =
          triples.count > 0
            ? await preparedVideo(context, config.source, id, config.preprocessing)
            : undefined;
        return { id, triples, image };
      });
      if ('value' in tried) found.push(tried.value);
      else quarantined++;
      await breatheWhilePreparing(context, index + 1, train.length);
    }
  } finally {
    labelling.dispose();
  }
  const usable = train.length - quarantined;
  refuseEmptyTraining(config.source, train.length, usable, config.sweep.maxQuarantinedShare);
  const triples = new StoredTriples(found, studies, (id, work) => tryVideo(context, input.run, id, work));
  return { triples, quarantined };
}

/** Makes the examples of videos, with a policy that is loaded for the first of them. */
class LandmarkLabelling {
  readonly #input: FitLandmarkInput;
  readonly #config: RunConfig;
  readonly #context: ActivityContext;
  #policy: DegradedPolicy | undefined;

  constructor(input: FitLandmarkInput, config: RunConfig, context: ActivityContext) {
    this.#input = input;
    this.#config = config;
    this.#context = context;
  }

  /** Makes and stores the examples of a video. */
  async store(id: string, key: string): Promise<TripleChunks> {
    const context = this.#context;
    const config = this.#config;
    const { policy } = this.#input;
    const { video, reference } = await wholePreparedVideo(context, config.source, id, config.preprocessing);
    this.#policy ??= new DegradedPolicy(await loadNetwork(context, policy, 'policy'), config);
    const truth = await prepareLabels(context, config.source, id, config.preprocessing);
    const examples = [];
    for await (const { segmentation, correct } of landmarkExamples({
      image: video,
      truth,
      policyLogits: this.#policy.logits('landmark', id),
      config: config.labelling,
      mistakeMm: config.landmark.mistakeMm,
      random: randomStream(config.seed, 'landmark-labelling', id),
    })) {
      examples.push({ segmentation: segmentation.labels, correct });
      await breathe(context);
    }
    const stored = await storeTriples(context, key, encodeLevelTriples(video, examples), [reference, policy]);
    logWork(context, 'fitLandmarkReward', key);
    return stored;
  }

  dispose(): void {
    this.#policy?.dispose();
  }
}
