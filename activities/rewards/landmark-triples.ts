/**
 * The landmark examples of the annotated source (method.md 5.2): made and stored video by video, then read by the fit.
 */
import type { FitLandmarkInput } from '../../contracts/activities.ts';
import type { RunConfig } from '../../contracts/run-config.ts';
import type { ArtefactRef } from '../../ground/artefact-ref.ts';
import { randomStream } from '../../ground/random.ts';
import type { GreyVideo } from '../../imaging/image.ts';
import { landmarkExamples } from '../../method/rewards/landmark-labelling.ts';
import { findArtefact, readArtefact } from '../../storage/artefacts.ts';
import { writeBytes } from '../artefacts/binary-artefact.ts';
import { loadNetwork } from '../artefacts/networks.ts';
import type { RunFacts } from '../artefacts/run-facts.ts';
import { activityKeys } from '../artefacts/run-keys.ts';
import { type ActivityContext, breathe, breatheWhilePreparing, logWork } from '../context.ts';
import { prepareLabels, prepareVideo } from '../videos/prepared-video.ts';
import { tryVideo } from '../videos/quarantine.ts';
import { refuseEmptyTraining } from '../videos/refuse-empty-training.ts';
import { DegradedPolicy } from './degraded-policy.ts';
import { StoredTriples } from './stored-triples.ts';
import { encodeLevelTriples } from './triple-file.ts';

/**
 * Labels every source video that is not labelled yet. The caller disposes the triples; `quarantined` counts videos that
 * could not be used.
 * @throws DomainError DatasetInvalid when more videos are bad than the run allows.
 */
export async function landmarkTriples(
  input: FitLandmarkInput,
  facts: RunFacts,
  context: ActivityContext,
): Promise<{ triples: StoredTriples; quarantined: number }> {
  const { config, plan } = facts;
  const { train, studies } = plan.source;
  const triples = new StoredTriples(studies);
  const labelling = new LandmarkLabelling(input, config, context);
  let quarantined = 0;
  try {
    for (const [index, id] of train.entries()) {
      const tried = await tryVideo(context, input.run, id, async () => {
        const { video, reference: image } = await prepareVideo(
          context,
          config.source,
          id,
          config.preprocessing,
        );
        const stored = await findArtefact(context.store, activityKeys.landmarkTriples(input.run, id));
        const reference = stored ?? (await labelling.store(id, video, image));
        const bytes = await readArtefact(context.store, reference);
        await triples.add(id, { bytes, reference }, async () => video);
      });
      if ('quarantined' in tried) quarantined++;
      await breatheWhilePreparing(context, index + 1, train.length);
    }
    const usable = train.length - quarantined;
    refuseEmptyTraining(config.source, train.length, usable, config.sweep.maxQuarantinedShare);
    return { triples, quarantined };
  } catch (error) {
    triples.dispose();
    throw error;
  } finally {
    labelling.dispose();
  }
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

  /** Stores the examples of a prepared video; `image` is where the video is from. */
  async store(id: string, video: GreyVideo, image: ArtefactRef): Promise<ArtefactRef> {
    const context = this.#context;
    const config = this.#config;
    const { run, policy } = this.#input;
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
    const key = activityKeys.landmarkTriples(run, id);
    const file = encodeLevelTriples(video, examples);
    const reference = await writeBytes(context, key, file, [image, policy], 'application/gzip');
    logWork(context, 'fitLandmarkReward', key);
    return reference;
  }

  dispose(): void {
    this.#policy?.dispose();
  }
}
