/** What a shard of videos is labelled with (method.md 4): the policy with its degradations and the shape correction. */
import type { LabelShardInput } from '../../contracts/activities.ts';
import type { RunConfig } from '../../contracts/run-config.ts';
import type { ArtefactRef } from '../../ground/artefact-ref.ts';
import { randomStream } from '../../ground/random.ts';
import type { GreyVideo, LabelVideo } from '../../imaging/image.ts';
import { labelVideo } from '../../method/rewards/labelling.ts';
import type { ChunkedContent } from '../../storage/chunked-artefact.ts';
import { loadNetwork } from '../artefacts/networks.ts';
import type { ActivityContext } from '../context.ts';
import { DegradedPolicy } from './degraded-policy.ts';
import { loadShapeCorrection, type ShapeCorrection } from './shape-correction.ts';
import { encodeTriples } from './triple-chunks.ts';

/** The policy with its degradations and the shape correction, loaded once a shard. */
export class LabellingTools {
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
    const correction = await loadShapeCorrection(context, input, config);
    try {
      const policy = new DegradedPolicy(await loadNetwork(context, input.policy, 'policy'), config);
      return new LabellingTools(input, config, policy, correction);
    } catch (error) {
      correction.dispose();
      throw error;
    }
  }

  /** What videos are labelled by, for the records of their triples. */
  get inputs(): readonly ArtefactRef[] {
    return [this.#input.policy, ...this.#correction.inputs];
  }

  /** The triples of one video; `swept` is what the sweep segmented, where that is taken for the truth. */
  async label(id: string, image: GreyVideo, swept: LabelVideo | undefined): Promise<ChunkedContent> {
    const { seed, labelling } = this.#config;
    const { iteration } = this.#input;
    const { outcome, agreement, triples } = await labelVideo({
      image,
      policyLogits: this.#policy.logits(iteration, id),
      swept,
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
