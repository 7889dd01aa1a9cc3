/**
 * Reward labelling (method.md 4.3): turns the policy's prediction of an unlabelled video into examples of right and
 * wrong pixels, without a ground truth. Pure: how logits are computed and shapes corrected is passed in.
 */

import type { LabellingConfig } from '../../contracts/run-config.ts';
import { DomainError } from '../../ground/errors.ts';
import { CLASS_COUNT } from '../../ground/labels.ts';
import type { RandomStream } from '../../ground/random.ts';
import { type GreyVideo, geometryOf, type LabelVideo, labelFrame } from '../../imaging/image.ts';
import { cleanVideo } from '../../imaging/morphology.ts';
import { isFrameAnatomicallyValid } from '../../metrics/anatomy.ts';
import { diceOf } from '../../metrics/overlap.ts';
import { mostLikely } from '../windows/most-likely.ts';
import { addImageNoise, reduceContrast } from './degradation.ts';
import { degradeStructure } from './structural-degradation.ts';

/** One training example of a reward network. The image is the undegraded one, whatever the segmentation came from. */
export interface Triple {
  readonly image: GreyVideo;
  readonly segmentation: LabelVideo;
  /** 1 where the segmentation is right, 0 where it is wrong, shape [frames, rows, columns]. */
  readonly correct: Uint8Array;
}

/**
 * The policy's logits of a whole video, [frames, rows, columns, 3], with its own weights or with noise on all of them.
 */
export type PolicyLogits = (
  image: GreyVideo,
  weights: 'clean' | number,
) => Promise<Float32Array> | Float32Array;

export interface LabellingTask {
  readonly image: GreyVideo;
  /**
   * Called with `'clean'` for the policy as it is, or with the standard deviation of the noise that the call is to put
   * on all of its weights (`perturbWeights`), each time starting from the unperturbed ones.
   */
  readonly policyLogits: PolicyLogits;
  /** What the sweep segmented, on the grid of the image: the truth where `config.truth` is `sweep`. */
  readonly swept?: LabelVideo | undefined;
  /** Shape correction of a cleaned segmentation (`correctSequence`); the identity where no autoencoder is used. */
  readonly correct: (cleaned: LabelVideo) => Promise<LabelVideo> | LabelVideo;
  readonly config: LabellingConfig;
  /** Stream of this video alone, so that its examples do not depend on which videos came before it. */
  readonly random: RandomStream;
}

export interface LabellingResult {
  readonly outcome: 'kept' | 'corrected' | 'rejected';
  /** Mean over labels of the Dice of the cleaned and the corrected prediction. */
  readonly agreement: number;
  readonly triples: Triple[];
  /** The cleaned prediction of a kept video: its approximate ground truth from here on. */
  readonly approximateTruth?: LabelVideo;
}

/**
 * The examples that one unlabelled video gives (method.md 4.3).
 *
 * kept: the prediction agrees with its shape correction and is anatomically valid in every frame; one triple per
 * degradation whose prediction is not empty, one of the plain prediction where the sweep's is the truth, one per
 * mistake of structure. corrected: the correction is valid in every frame; one triple with a segmentation sampled from
 * the policy. rejected: neither; no triples.
 * @throws GeometryMismatch when logits are not on the image's grid.
 */
export async function labelVideo(task: LabellingTask): Promise<LabellingResult> {
  const { image, config, random } = task;
  const logits = await task.policyLogits(image, 'clean');
  const plain = predictionOf(logits, image);
  const prediction = cleanVideo(truthOf(task, plain));
  const correction = await task.correct(prediction);
  const agreement = diceOf(prediction, correction).mean;

  if (agreement > config.agreement && everyFrameIsValid(prediction)) {
    const triples: Triple[] = [];
    // What inference mends of the policy's own prediction are failures as they are, which no degradation makes up.
    if (config.truth === 'sweep') triples.push(tripleOf(image, plain, prediction));
    for await (const segmentation of degradedPredictions(task)) {
      // A prediction without foreground shows the network nothing of what mistakes look like.
      if (segmentation.labels.some((label) => label !== 0))
        triples.push(tripleOf(image, segmentation, prediction));
    }
    for (let mistake = 0; mistake < config.structural; mistake++) {
      const triple = tripleOf(image, degradeStructure(prediction, random), prediction);
      if (triple.correct.includes(0)) triples.push(triple);
    }
    return { outcome: 'kept', agreement, triples, approximateTruth: prediction };
  }
  if (everyFrameIsValid(correction)) {
    const triples = [tripleOf(image, sampled(logits, image, random), correction)];
    return { outcome: 'corrected', agreement, triples };
  }
  return { outcome: 'rejected', agreement, triples: [] };
}

/** What is to be cleaned and taken for the truth. @throws Error when it is the sweep's and that was not given */
function truthOf({ config, swept }: LabellingTask, plain: LabelVideo): LabelVideo {
  if (config.truth === 'prediction') return plain;
  if (!swept)
    throw new Error("labelling.truth is 'sweep'; labelVideo was not given what the sweep segmented");
  return swept;
}

/**
 * What the policy makes of a video with noise on its weights, then of the video spoilt in each of the configured ways.
 */
export async function* degradedPredictions(
  task: Pick<LabellingTask, 'image' | 'policyLogits' | 'random'> & {
    readonly config: Pick<LabellingConfig, 'weightNoise' | 'contrast' | 'imageNoise'>;
  },
): AsyncGenerator<LabelVideo> {
  const { image, policyLogits, config, random } = task;
  for (const noise of config.weightNoise) yield predictionOf(await policyLogits(image, noise), image);
  for (const factor of config.contrast) {
    yield predictionOf(await policyLogits(reduceContrast(image, factor), 'clean'), image);
  }
  for (const noise of config.imageNoise) {
    yield predictionOf(await policyLogits(addImageNoise(image, noise, random), 'clean'), image);
  }
}

function everyFrameIsValid(video: LabelVideo): boolean {
  for (let t = 0; t < video.frames; t++) if (!isFrameAnatomicallyValid(labelFrame(video, t))) return false;
  return true;
}

function tripleOf(image: GreyVideo, segmentation: LabelVideo, truth: LabelVideo): Triple {
  const correct = segmentation.labels.map((label, i) => (label === truth.labels[i] ? 1 : 0));
  return { image, segmentation, correct };
}

function checkGrid(logits: Float32Array, image: GreyVideo): void {
  const expected = image.frames * image.rows * image.columns * CLASS_COUNT;
  if (logits.length === expected) return;
  throw new DomainError(
    'GeometryMismatch',
    `Reward labelling expected ${expected} logits for a video of ${image.frames} x ${image.rows} x ${image.columns} ` +
      `pixels and ${CLASS_COUNT} labels; the policy gave ${logits.length}. Check that it is a policy of ${CLASS_COUNT} outputs.`,
  );
}

/** The label with the largest logit at every pixel. */
function predictionOf(logits: Float32Array, image: GreyVideo): LabelVideo {
  checkGrid(logits, image);
  return { ...geometryOf(image), labels: mostLikely(logits, CLASS_COUNT) };
}

/** A label drawn at every pixel from the softmax of its logits. */
function sampled(logits: Float32Array, image: GreyVideo, random: RandomStream): LabelVideo {
  const labels = new Uint8Array(logits.length / CLASS_COUNT);
  const weights = new Float64Array(CLASS_COUNT);
  for (let i = 0; i < labels.length; i++) {
    const start = i * CLASS_COUNT;
    let largest = logits[start]!;
    for (let k = 1; k < CLASS_COUNT; k++) largest = Math.max(largest, logits[start + k]!);
    let total = 0;
    for (let k = 0; k < CLASS_COUNT; k++) {
      weights[k] = Math.exp(logits[start + k]! - largest);
      total += weights[k]!;
    }
    let remaining = random.uniform() * total;
    let label = 0;
    while (label < CLASS_COUNT - 1 && remaining >= weights[label]!) {
      remaining -= weights[label]!;
      label++;
    }
    labels[i] = label;
  }
  return { ...geometryOf(image), labels };
}
