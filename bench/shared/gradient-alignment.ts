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
import { groupRewards } from '../../method/ppo/group/group-rewards.ts';
import { type ProposalName, Proposals } from '../../method/ppo/group/proposals.ts';
import { actionLogProb, policyLoss } from '../../method/ppo/loss.ts';
import type { WindowReward } from '../../method/rewards/reward.ts';
import { imageWindow, labelledWindowsOf, labelWindow } from '../../method/windows/training-windows.ts';
import { inferences } from './inference.ts';
import type { TestCase } from './scored-video.ts';

/** An objective with a reward, by the name of its row. */
export type Arm = PublishedArm | GroupArm;

interface PublishedArm {
  readonly name: string;
  readonly objective: 'published';
  readonly reward: WindowReward;
}

/** As method.md 6.2 has them. */
interface GroupArm {
  readonly name: string;
  readonly objective: 'group';
  /** Not scaled per frame. */
  readonly reward: WindowReward;
  readonly consensusShare: number;
  readonly proposals: readonly ProposalName[];
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

/** What is known of shapes, for proposals that are completed. */
type Complete = (window: LabelVideo) => LabelVideo;

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
  complete: Complete,
): Alignment[] {
  const lossOf = arms.map((arm) => lossesOf(model, arm, complete));
  const vector = new ParameterVector(model.policy.parameters);
  const names = [TRUTH, ...arms.map(({ name }) => name)];
  const sums = names.map(() => [new Float64Array(vector.size), new Float64Array(vector.size)] as const);
  const contested = names.map(() => 0);
  let windows = 0;
  for (const example of examplesOf(model, cases)) {
    const found = gradientsOf(model, example, lossOf, vector);
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

/** The gradient by the logits of a window, and the share of its pixels that have any. */
type LossGradient = (
  logits: tf.Tensor5D,
  example: Example,
) => { readonly gradient: tf.Tensor5D; readonly pushed: number };

function lossesOf(model: LoadedModel, arm: Arm, complete: Complete): LossGradient {
  if (arm.objective === 'published') return (logits, { image }) => published(logits, image, arm);
  const { policy, preprocessing } = model;
  const proposals = new Proposals({
    ...{ policy, names: arm.proposals, complete },
    spacingMm: preprocessing.spacingMm,
  });
  return (logits, example) => group(logits, example, arm, proposals);
}

function gradientsOf(
  { policy }: LoadedModel,
  example: Example,
  arms: readonly LossGradient[],
  vector: ParameterVector,
): Found[] {
  const byParameters = (lossOf: LossGradient): Found => {
    const pass = policy.forwardForTraining(example.image);
    const { gradient, pushed } = lossOf(pass.outputs[0]!, example);
    const gradients = pass.backward([gradient]);
    pass.dispose();
    const flat = vector.of(gradients);
    disposeGradients(gradients);
    const values = flat.dataSync<'float32'>().slice();
    tf.dispose([gradient, flat]);
    return { gradient: values, pushed };
  };
  return [ofTruth, ...arms].map(byParameters);
}

const ofTruth: LossGradient = (logits, { truth }) => {
  const { loss, gradient } = supervisedLoss(logits, truth);
  loss.dispose();
  return { gradient, pushed: 1 };
};

/** At the policy of the rollout, which is the reference too, and a critic that knows nothing. */
function published(logits: tf.Tensor5D, image: tf.Tensor5D, { reward }: PublishedArm) {
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

function group(
  logits: tf.Tensor5D,
  { image, swept }: Example,
  { reward, consensusShare }: GroupArm,
  proposals: Proposals,
) {
  const actions = tf.tidy(() => tf.argMax(logits, -1) as tf.Tensor4D);
  const logProb = tf.logSoftmax(logits) as tf.Tensor5D;
  const proposed = proposals.of({ window: image, actions, logProb, swept });
  const earned = proposed.map((labels) => reward.of(image, labels));
  const [gradient, share] = tf.tidy(() => {
    const rewards = groupRewards(proposed, earned, swept, consensusShare);
    const { gradient, metrics } = groupLoss({
      newLogits: logits,
      rolloutLogProb: logProb,
      referenceLogProb: logProb,
      advantages: groupAdvantages(proposed, rewards, logits.shape[4]),
      ...{ clipRange: 0.2, entropyCoefficient: 0, divergenceCoefficient: 0 },
    });
    return [gradient, metrics.contestedShare] as const;
  });
  const pushed = share.dataSync<'float32'>()[0]!;
  tf.dispose([actions, logProb, proposed, earned, share]);
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
