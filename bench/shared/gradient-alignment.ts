/**
 * How well the gradient of an objective points where the true labels would have a policy go: mean gradients over
 * windows of annotated videos, each objective's beside that of the cross entropy on the truth.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { LoadedModel } from '../../app/segmentation/networks.ts';
import { preprocess, preprocessLabels } from '../../datasets/preprocessing.ts';
import { geometryOf, type LabelVideo } from '../../imaging/image.ts';
import { predictVideo } from '../../method/inference/segment-prepared.ts';
import { disposeGradients } from '../../method/networks/gradients.ts';
import { ParameterVector } from '../../method/networks/parameter-vector.ts';
import { supervisedLoss } from '../../method/networks/supervised-loss.ts';
import { groupAdvantages, groupLoss } from '../../method/ppo/group/group-loss.ts';
import { groupRewards, proposalsOf } from '../../method/ppo/group/proposals.ts';
import { actionLogProb, policyLoss } from '../../method/ppo/loss.ts';
import type { WindowReward } from '../../method/rewards/reward.ts';
import { imageWindow, labelledWindowsOf, labelWindow } from '../../method/windows/training-windows.ts';
import { inferences } from './inference.ts';
import type { TestCase } from './scored-video.ts';

/** An objective with a reward, by the name of its row. */
export interface Arm {
  readonly name: string;
  readonly objective: 'published' | 'group';
  /** Not scaled per frame for a group. */
  readonly reward: WindowReward;
  /** Of the group objective (method.md 6.2). */
  readonly consensusShare: number;
}

export interface Alignment {
  readonly name: string;
  /** Cosine of the mean gradient with that of the true labels. */
  readonly cosine: number;
  /** Cosine between the mean gradients of every other window and of those between them: how much of it is chance. */
  readonly halves: number;
  /** Share of the pixels that have a gradient at all. */
  readonly contestedShare: number;
}

const TRUTH = 'true labels';
const WINDOW_FRAMES = 4;
/** Value of a critic that knows nothing: what an action earns on average. */
const EVEN_ODDS = 0.5;

interface Example {
  readonly image: tf.Tensor5D;
  readonly truth: tf.Tensor4D;
  readonly swept: tf.Tensor4D;
}

/** Rows in the order of the arms, that of the true labels first. One window of each video, from its middle. */
export function alignmentsOf(
  model: LoadedModel,
  cases: Iterable<TestCase>,
  arms: readonly Arm[],
): Alignment[] {
  const vector = new ParameterVector(model.policy.parameters);
  const names = [TRUTH, ...arms.map(({ name }) => name)];
  const sums = names.map(() => [new Float64Array(vector.size), new Float64Array(vector.size)] as const);
  const contested = names.map(() => 0);
  let windows = 0;
  for (const example of examplesOf(model, cases)) {
    const found = gradientsOf(model, example, arms, vector);
    for (const [row, { gradient, pushed }] of found.entries()) {
      const half = sums[row]![(windows % 2) as 0 | 1];
      for (let i = 0; i < gradient.length; i++) half[i]! += gradient[i]!;
      contested[row]! += pushed;
    }
    tf.dispose([example.image, example.truth, example.swept]);
    windows++;
  }
  const means = sums.map(([even, odd]) => even.map((value, i) => value + odd[i]!));
  return names.map((name, row) => ({
    name,
    cosine: cosine(means[row]!, means[0]!),
    halves: cosine(...sums[row]!),
    contestedShare: contested[row]! / windows,
  }));
}

function* examplesOf(model: LoadedModel, cases: Iterable<TestCase>): Generator<Example> {
  const { policy, preprocessing, inference } = model;
  for (const { image, reference } of cases) {
    if (!reference) continue;
    const { video } = preprocess(image, preprocessing);
    const { labels } = predictVideo(policy, video, { ...inference, ...inferences.full });
    const swept: LabelVideo = { ...geometryOf(video), labels };
    const truth = labelledWindowsOf([{ image: video, labels: preprocessLabels(reference, preprocessing) }]);
    const place = { video: 0, startFrame: Math.max(0, Math.floor((video.frames - WINDOW_FRAMES) / 2)) };
    yield {
      image: imageWindow(truth, place, WINDOW_FRAMES),
      truth: labelWindow(truth, place, WINDOW_FRAMES),
      swept: labelWindow(labelledWindowsOf([{ image: video, labels: swept }]), place, WINDOW_FRAMES),
    };
  }
}

interface Found {
  readonly gradient: Float32Array;
  readonly pushed: number;
}

function gradientsOf(
  { policy }: LoadedModel,
  { image, truth, swept }: Example,
  arms: readonly Arm[],
  vector: ParameterVector,
): Found[] {
  const byParameters = (
    lossOf: (logits: tf.Tensor5D) => { gradient: tf.Tensor5D; pushed: number },
  ): Found => {
    const pass = policy.forwardForTraining(image);
    const { gradient, pushed } = lossOf(pass.outputs[0]!);
    const gradients = pass.backward([gradient]);
    pass.dispose();
    const flat = vector.of(gradients);
    disposeGradients(gradients);
    const values = flat.dataSync<'float32'>().slice();
    tf.dispose([gradient, flat]);
    return { gradient: values, pushed };
  };
  const ofTruth = byParameters((logits) => {
    const { loss, gradient } = supervisedLoss(logits, truth);
    loss.dispose();
    return { gradient, pushed: 1 };
  });
  return [
    ofTruth,
    ...arms.map((arm) =>
      byParameters((logits) =>
        arm.objective === 'published' ? published(logits, image, arm) : group(logits, image, swept, arm),
      ),
    ),
  ];
}

/** At the policy of the rollout, which is the reference too, and a critic that knows nothing. */
function published(logits: tf.Tensor5D, image: tf.Tensor5D, { reward }: Arm) {
  const actions = tf.tidy(() => tf.argMax(logits, -1) as tf.Tensor4D);
  const earned = reward.of(image, actions);
  const gradient = tf.tidy(() => {
    const logProb = tf.logSoftmax(logits) as tf.Tensor5D;
    return policyLoss({
      newLogits: logits,
      actions,
      rolloutLogProb: actionLogProb(logProb, actions),
      referenceLogProb: logProb,
      reward: earned,
      value: tf.fill(actions.shape, EVEN_ODDS) as tf.Tensor4D,
      ...{ clipRange: 0.2, entropyCoefficient: 0, divergenceCoefficient: 0 },
    }).gradient;
  });
  tf.dispose([actions, earned]);
  return { gradient, pushed: 1 };
}

function group(logits: tf.Tensor5D, image: tf.Tensor5D, swept: tf.Tensor4D, arm: Arm) {
  const { reward, consensusShare } = arm;
  const actions = tf.tidy(() => tf.argMax(logits, -1) as tf.Tensor4D);
  const proposals = proposalsOf(actions, swept);
  const earned = proposals.map((labels) => reward.of(image, labels));
  const [gradient, share] = tf.tidy(() => {
    const rewards = groupRewards(proposals, earned, swept, consensusShare);
    const logProb = tf.logSoftmax(logits) as tf.Tensor5D;
    const { gradient, metrics } = groupLoss({
      newLogits: logits,
      rolloutLogProb: logProb,
      referenceLogProb: logProb,
      advantages: groupAdvantages(proposals, rewards, logits.shape[4]),
      ...{ clipRange: 0.2, entropyCoefficient: 0, divergenceCoefficient: 0 },
    });
    return [gradient, metrics.contestedShare] as const;
  });
  const pushed = share.dataSync<'float32'>()[0]!;
  tf.dispose([actions, proposals[1], earned, share]);
  return { gradient, pushed };
}

function cosine(a: Float64Array, b: Float64Array): number {
  let [ab, aa, bb] = [0, 0, 0];
  for (let i = 0; i < a.length; i++) {
    ab += a[i]! * b[i]!;
    aa += a[i]! ** 2;
    bb += b[i]! ** 2;
  }
  return aa === 0 || bb === 0 ? 0 : ab / Math.sqrt(aa * bb);
}
