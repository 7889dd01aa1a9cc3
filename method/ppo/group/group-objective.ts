/**
 * The group-relative objective as fine-tuning uses it (method.md 6.2): which segmentations are proposed beside the
 * policy's own, how the policy's view of a draw is changed, and which annotated windows join it. Every random number
 * follows from the step alone.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { AugmentationConfig } from '../../../contracts/augmentation.ts';
import type { PpoConfig } from '../../../contracts/run-config.ts';
import type { RandomStream } from '../../../ground/random.ts';
import {
  type AnnotatedWindow,
  disposeAnnotated,
  drawAnnotatedWindow,
  noisy,
} from '../../augmentation/annotated-window.ts';
import { augmentWithMaps } from '../../augmentation/augment-window.ts';
import { drawGreyNoise } from '../../augmentation/grey-noise.ts';
import { drawSeed } from '../../networks/kernels/noise.ts';
import {
  drawLabelledWindow,
  type LabelledWindowSource,
  labelWindow,
  type WindowPlace,
} from '../../windows/training-windows.ts';
import type { Draw, Objective } from '../objective.ts';
import type { WindowUpdate } from '../policy-update.ts';
import { GroupUpdate, type GroupUpdateOptions, type PolicyView } from './group-update.ts';

export interface GroupMaterial {
  /**
   * Segmentations of the videos that are trained on, by the same indices: proposals beside the policy's own and that
   * one cleaned.
   */
  readonly proposals: readonly LabelledWindowSource[];
  /** Annotated videos of the source; not needed without `sourceWindows`. */
  readonly source?: LabelledWindowSource | undefined;
  readonly augmentation: AugmentationConfig;
  /** Side of the square pixels of all windows. */
  readonly spacingMm: number;
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

  constructor(options: GroupObjectiveOptions) {
    this.#options = options;
    this.#update = new GroupUpdate(options);
  }

  async ready(step: number, places: readonly WindowPlace[]): Promise<void> {
    const { proposals, source, windowFrames } = this.#options;
    for (const labels of proposals) await labels.fetch?.(places, windowFrames);
    if (!source?.fetch) return;
    const drawn = this.#sourceStreams(step).map((random) => drawLabelledWindow(source, windowFrames, random));
    await source.fetch(drawn, windowFrames);
  }

  update({ step, places, window, surroundings, coefficients }: Draw): WindowUpdate {
    const { config } = this.#options;
    const offered = this.#offered(places);
    const source = this.#sourceWindows(step);
    const changeView = config.changedViews
      ? (view: PolicyView) => this.#changedView(view, step, places)
      : undefined;
    const update = this.#update.run({ window, surroundings, offered, changeView, source, coefficients });
    tf.dispose(offered);
    source.forEach(disposeAnnotated);
    return update;
  }

  #offered(places: readonly WindowPlace[]): tf.Tensor4D[] {
    const { proposals, windowFrames } = this.#options;
    return proposals.map((labels) =>
      tf.tidy(
        () => tf.concat(places.map((place) => labelWindow(labels, place, windowFrames))) as tf.Tensor4D,
      ),
    );
  }

  /** Each window changed by itself, its advantages moved along. */
  #changedView({ image, advantages }: PolicyView, step: number, places: readonly WindowPlace[]): PolicyView {
    const { augmentation, spacingMm, streamOf } = this.#options;
    const classes = advantages.shape[4];
    const [, frames, rows, columns] = image.shape;
    const values = advantages.dataSync<'float32'>();
    const pixels = frames * rows * columns;
    const greyLevels = image.dataSync<'float32'>();
    const changed = places.map((_, index) => {
      const window = {
        frames,
        rows,
        columns,
        spacingMm,
        image: greyLevels.slice(index * pixels, (index + 1) * pixels),
        // Walls are not faded: where they are is what is asked.
        labels: new Int32Array(pixels),
      };
      const maps = Array.from({ length: classes }, (_, label) =>
        Float32Array.from({ length: pixels }, (_, i) => values[(index * pixels + i) * classes + label]!),
      );
      return augmentWithMaps(window, maps, augmentation, (effect) => streamOf(step, 'view', index, effect));
    });
    const [seen, moved] = tf.tidy(() => {
      const shape = [1, frames, rows, columns] as const;
      const images = changed.map(({ window }, index) => {
        const random = streamOf(step, 'view', index, 'noise');
        const { contrast, gain, deviation } = drawGreyNoise(augmentation.greyLevels, random);
        const noise = {
          contrast: tf.scalar(contrast),
          gain: tf.scalar(gain),
          deviation: tf.scalar(deviation),
        };
        return noisy(tf.tensor5d(window.image, [...shape, 1]), noise, drawSeed(random));
      });
      const maps = changed.map(
        ({ maps }) =>
          tf.stack(
            maps.map((map) => tf.tensor4d(map, [...shape])),
            -1,
          ) as tf.Tensor5D,
      );
      return [tf.concat(images) as tf.Tensor5D, tf.concat(maps) as tf.Tensor5D] as const;
    });
    tf.dispose([image, advantages]);
    return { image: seen, advantages: moved };
  }

  /** Drawn and changed as in pretraining. */
  #sourceWindows(step: number): AnnotatedWindow[] {
    const { source, streamOf, ...options } = this.#options;
    if (!source) return [];
    return this.#sourceStreams(step).map((random, index) =>
      drawAnnotatedWindow({ ...options, windows: source }, random, (effect) =>
        streamOf(step, 'source', index, effect),
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
  }
}
