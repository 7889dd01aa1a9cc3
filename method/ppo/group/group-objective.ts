/**
 * The group-relative objective as fine-tuning uses it (method.md 6.2): which segmentations are proposed beside the
 * policy's own, how the policy's view of a draw is changed, and which annotated windows join it. Every random number
 * follows from the step alone.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { AugmentationConfig } from '../../../contracts/augmentation.ts';
import type { PpoConfig } from '../../../contracts/run-config.ts';
import type { RandomStream } from '../../../ground/random.ts';
import { type RecordedStep, recorded } from '../../../recorded/recorded.ts';
import {
  type AnnotatedWindow,
  annotatedWindowAt,
  drawAnnotatedWindow,
  noisy,
} from '../../augmentation/annotated-window.ts';
import { type KeepTensors, withTensors } from '../../networks/with-tensors.ts';
import {
  drawLabelledWindow,
  type LabelledWindowSource,
  labelWindow,
  type WindowPlace,
} from '../../windows/training-windows.ts';
import type { Draw, Objective } from '../objective.ts';
import type { WindowUpdate } from '../policy-update.ts';
import { GroupUpdate, type GroupUpdateInput, type GroupUpdateOptions } from './group-update.ts';
import type { ProposalOptions } from './proposals.ts';

export interface GroupMaterial {
  /** What the sweep segmented of the videos that are trained on, by the same indices. */
  readonly swept: LabelledWindowSource;
  /** Annotated videos of the source; not needed without `sourceWindows`. */
  readonly source?: LabelledWindowSource | undefined;
  readonly augmentation: AugmentationConfig;
  /** Side of the square pixels of all windows. */
  readonly spacingMm: number;
  /** Gives a window the shapes that are likely there, where `ppo.proposals` has such; frames have no times. */
  readonly complete?: ProposalOptions['complete'];
}

export interface GroupObjectiveOptions extends GroupUpdateOptions, GroupMaterial {
  readonly config: GroupUpdateOptions['config'] & Pick<PpoConfig, 'changedViews' | 'sourceWindows'>;
  readonly windowFrames: number;
  /** The stream of a step for one purpose. */
  readonly streamOf: (step: number, purpose: string, ...more: (string | number)[]) => RandomStream;
}

export class GroupObjective implements Objective {
  readonly #options: GroupObjectiveOptions;
  readonly #update: GroupUpdate;
  readonly #noisy: RecordedStep<Parameters<typeof noisy>, tf.Tensor5D>;

  constructor(options: GroupObjectiveOptions) {
    this.#options = options;
    this.#update = new GroupUpdate(options);
    this.#noisy = recorded('noise of a view', noisy);
  }

  async ready(step: number, places: readonly WindowPlace[]): Promise<void> {
    const { swept, source, windowFrames } = this.#options;
    await swept.fetch?.(places, windowFrames);
    if (!source?.fetch) return;
    const drawn = this.#sourceStreams(step).map((random) => drawLabelledWindow(source, windowFrames, random));
    await source.fetch(drawn, windowFrames);
  }

  update(draw: Draw): WindowUpdate {
    const { coefficients } = draw;
    return withTensors((keep) => {
      const { window, swept, surroundings } = this.#view(draw, keep);
      const source = this.#sourceWindows(draw.step, keep);
      return this.#update.run({ window, swept, surroundings, source, coefficients });
    });
  }

  /** The windows of a draw as the policy is shown them, with the sweep's labels there. */
  #view(
    { step, places, window, surroundings }: Draw,
    keep: KeepTensors,
  ): Omit<GroupUpdateInput, 'source' | 'coefficients'> {
    const { config, swept, augmentation, spacingMm, streamOf, windowFrames: frames } = this.#options;
    if (!config.changedViews) {
      const labels = tf.tidy(
        () => tf.concat(places.map((place) => labelWindow(swept, place, frames))) as tf.Tensor4D,
      );
      return { window: keep(tf.clone(window)), swept: keep(labels), surroundings };
    }
    const options = { windows: swept, augmentation, spacingMm, windowFrames: frames };
    const changed = places.map((place, index) =>
      keep(
        annotatedWindowAt(place, options, streamOf(step, 'view', index, 'noise'), (effect) =>
          streamOf(step, 'view', index, effect),
        ),
      ),
    );
    const noisy = changed.map(({ image, noise, noiseSeed }) => keep(this.#noisy(image, noise, noiseSeed)));
    const [seen, moved] = tf.tidy(() => [
      tf.concat(noisy) as tf.Tensor5D,
      tf.concat(changed.map(({ labels }) => labels)) as tf.Tensor4D,
    ]);
    // Areas and centres along the video are of windows that nothing moved.
    return { window: keep(seen), swept: keep(moved), surroundings: undefined };
  }

  /** Drawn and changed as in pretraining. */
  #sourceWindows(step: number, keep: KeepTensors): AnnotatedWindow[] {
    const { source, streamOf, ...options } = this.#options;
    if (!source) return [];
    return this.#sourceStreams(step).map((random, index) =>
      keep(
        drawAnnotatedWindow({ ...options, windows: source }, random, (effect) =>
          streamOf(step, 'source', index, effect),
        ),
      ),
    );
  }

  /** What each of a step's windows of the source is drawn from, anew at every call. */
  #sourceStreams(step: number): RandomStream[] {
    const { config, streamOf } = this.#options;
    return Array.from({ length: config.sourceWindows }, (_, index) => streamOf(step, 'source', index));
  }

  dispose(): void {
    this.#update.dispose();
    this.#noisy.dispose();
  }
}
