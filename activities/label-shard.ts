/** Reward labelling of one shard (method.md 4): each predicted video gives triples of image, segmentation and error map, or none. */
import type { LabelShardInput, LabelShardResult } from '../contracts/activities.ts';
import type { RunConfig } from '../contracts/run-config.ts';
import { noLabels } from '../decisions/label-counts.ts';
import { randomStream } from '../ground/random.ts';
import type { GreyVideo, LabelVideo } from '../imaging/image.ts';
import { labelVideo } from '../method/rewards/labelling.ts';
import { findArtefact, readArtefact, writeArtefact } from '../storage/artefacts.ts';
import { runKeys } from '../storage/keys.ts';
import { loadNetwork } from './artefacts/networks.ts';
import { readRun, shardOf } from './artefacts/run-facts.ts';
import { activityKeys } from './artefacts/run-keys.ts';
import { type ActivityContext, logWork } from './context.ts';
import { DegradedPolicy } from './rewards/degraded-policy.ts';
import { loadShapeCorrection, type ShapeCorrection } from './rewards/shape-correction.ts';
import { decodeTriples, encodeTriples } from './rewards/triple-file.ts';
import { eachVideo } from './videos/each-video.ts';
import { prepareVideo } from './videos/prepared-video.ts';

export async function labelShard(
  input: LabelShardInput,
  context: ActivityContext,
): Promise<LabelShardResult> {
  const { run, iteration } = input;
  const { config, plan } = await readRun(input, context);
  const counts = { ...noLabels };
  let tools: LabellingTools | undefined;
  try {
    const result = await eachVideo(input, shardOf(plan, input), context, async (id) => {
      const key = activityKeys.triples(run, iteration, id);
      const prediction = await findArtefact(context.store, runKeys.prediction(run, iteration, 'target', id));
      // Set aside when it was predicted, and counted there.
      if (!prediction) return 'skip';
      let file = await findArtefact(context.store, key).then(
        (found) => found && readArtefact(context.store, found),
      );
      if (!file) {
        const prepared = await prepareVideo(context, config.target, id, config.preprocessing);
        tools ??= await LabellingTools.load(input, config, context);
        file = await tools.label(id, prepared.video);
        await writeArtefact(context.store, key, file, {
          inputs: [prepared.reference, input.policy, ...(input.autoencoder ? [input.autoencoder] : [])],
          codeVersion: context.codeVersion,
          mediaType: 'application/gzip',
        });
        logWork(context, 'labelShard', key);
      }
      const { outcome, triples } = decodeTriples(file);
      counts[outcome]++;
      counts.triples += triples.length;
      return 'done';
    });
    return { ...result, counts };
  } finally {
    tools?.dispose();
  }
}

/** The policy with its degradations and the shape correction, loaded once a shard. */
class LabellingTools {
  readonly #input: LabelShardInput;
  readonly #config: RunConfig;
  readonly #policy: DegradedPolicy;
  readonly #correction: ShapeCorrection;

  private constructor(
    input: LabelShardInput,
    config: RunConfig,
    policy: DegradedPolicy,
    correction: ShapeCorrection,
  ) {
    this.#input = input;
    this.#config = config;
    this.#policy = policy;
    this.#correction = correction;
  }

  static async load(
    input: LabelShardInput,
    config: RunConfig,
    context: ActivityContext,
  ): Promise<LabellingTools> {
    const correction = await loadShapeCorrection(context, input.autoencoder);
    const policy = new DegradedPolicy(await loadNetwork(context, input.policy, 'policy'), config);
    return new LabellingTools(input, config, policy, correction);
  }

  /** The triple file of one video. */
  async label(id: string, image: GreyVideo): Promise<Uint8Array> {
    const { seed, labelling } = this.#config;
    const { iteration } = this.#input;
    const { outcome, agreement, triples } = await labelVideo({
      image,
      policyLogits: this.#policy.logits(iteration, id),
      correct: (cleaned: LabelVideo) => this.#correction.correct(cleaned),
      config: labelling,
      random: randomStream(seed, 'labelling', iteration, id),
    });
    const { frames, rows, columns } = image;
    return encodeTriples(
      { outcome, agreement, frames, rows, columns },
      triples.map(({ segmentation, correct }) => ({ segmentation: segmentation.labels, correct })),
    );
  }

  dispose(): void {
    this.#policy.dispose();
    this.#correction.dispose();
  }
}
