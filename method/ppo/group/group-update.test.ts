import '@tensorflow/tfjs-node-gpu';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { randomStream } from '../../../ground/random.ts';
import { leakless } from '../../../recorded/leakless.fixture.ts';
import { type AnnotatedWindow, disposeAnnotated } from '../../augmentation/annotated-window.ts';
import { drawSeed } from '../../networks/kernels/noise.ts';
import { tinyUNet } from '../../networks/tiny-unet.fixture.ts';
import { UNet3D } from '../../networks/unet3d.ts';
import type { WindowReward } from '../../rewards/reward.ts';
import { defaultGuardLimits } from '../guards.ts';
import { Learners } from '../learners.ts';
import { type GroupMetrics, GroupUpdate, type GroupUpdateInput } from './group-update.ts';
import type { ProposalName } from './proposals.ts';

/** Pays where a label is the one that a pixel's grey level asks for. */
const brightnessReward: WindowReward = {
  passes: 0,
  of: (image, actions) =>
    tf.tidy(() => tf.cast(tf.equal(wantedOf(image), actions), 'float32') as tf.Tensor4D),
};

function wantedOf(image: tf.Tensor5D): tf.Tensor4D {
  return tf.tidy(() => tf.cast(tf.greater(tf.squeeze(image, [4]), 0.5), 'int32') as tf.Tensor4D);
}

function drawn(index: number): tf.Tensor5D {
  const random = randomStream(3, 'window', index);
  // Whole blocks of one grey level, which a network can follow and cleaning leaves.
  const level = Array.from({ length: 4 }, () => random.uniform());
  const at = (i: number) => level[2 * Math.floor((i % 256) / 128) + Math.floor((i % 16) / 8)]!;
  return tf.tensor5d(
    Float32Array.from({ length: 4 * 256 }, (_, i) => at(i)),
    [1, 4, 16, 16, 1],
  );
}

/** Pays for everything alike. */
const indifferent: WindowReward = {
  passes: 0,
  of: (_, actions) => tf.ones(actions.shape) as tf.Tensor4D,
};

type Given = Omit<GroupUpdateInput, 'window' | 'coefficients'>;

const usual: ProposalName[] = ['cleaned', 'swept'];

/** Draws one after the other, each with what `given` makes for its window. */
function train(
  draws: number,
  given: (window: tf.Tensor5D) => Given,
  { reward = brightnessReward, consensusShare = 0, proposals = usual } = {},
): GroupMetrics[] {
  const policy = UNet3D.initialise(tinyUNet, randomStream(1, 'policy'));
  const reference = UNet3D.initialise(tinyUNet, randomStream(1, 'policy'));
  const learners = new Learners(policy, undefined, { policyLearningRate: 1e-2, criticLearningRate: 1 });
  const step = new GroupUpdate({
    learners,
    reference,
    reward,
    config: {
      ...{ updatesPerWindow: 2, clipRange: 0.2, gradientNorm: 0.5, sourceWeight: 1 },
      ...{ consensusShare, proposals },
    },
    spacingMm: 1,
    limits: { ...defaultGuardLimits, maxReferenceKl: Number.POSITIVE_INFINITY },
  });
  const all = Array.from({ length: draws }, (_, index) => {
    const window = drawn(index % 3);
    const input = given(window);
    const coefficients = { entropyCoefficient: 0, divergenceCoefficient: 0.01 };
    const { metrics, violation } = step.run({ window, coefficients, ...input });
    expect(violation).toBeUndefined();
    tf.dispose([window, input.swept]);
    input.source.forEach(disposeAnnotated);
    return metrics;
  });
  for (const made of [policy, reference, learners, step]) made.dispose();
  return all;
}

/** Without noise. */
function annotated(window: tf.Tensor5D, labels: tf.Tensor4D): AnnotatedWindow {
  const noise = { contrast: 1, gain: 1, deviation: 0 };
  return { image: tf.clone(window), labels, noise, noiseSeed: drawSeed(randomStream(1, 'noise')) };
}

const rightProposal = (window: tf.Tensor5D): Given => ({ swept: wantedOf(window), source: [] });

describe('the update of a group', () => {
  it('takes over what a proposal does better', () => {
    const metrics = train(40, rightProposal);
    expect(metrics.at(-1)!.meanReward).toBeGreaterThan(metrics[0]!.meanReward + 0.2);
    expect(metrics.at(-1)!.contestedShare).toBeLessThan(metrics[0]!.contestedShare);
    expect(metrics[0]!.sourceLoss).toBe(0);
  });

  it('learns annotated windows beside that', () => {
    const losses = train(
      30,
      (window) => {
        const labels = tf.tidy(() => tf.cast(tf.mul(wantedOf(window), 2), 'int32') as tf.Tensor4D);
        return { swept: wantedOf(window), source: [annotated(window, labels)] };
      },
      { reward: indifferent },
    ).map(({ sourceLoss }) => sourceLoss);
    expect(losses.at(-1)).toBeLessThan(losses[0]! / 2);
  });

  it('takes over what the sweep segmented where agreeing with it is paid for, whatever the reward says', () => {
    const metrics = train(40, rightProposal, { reward: indifferent, consensusShare: 0.5 });
    expect(metrics.at(-1)!.contestedShare).toBeLessThan(metrics[0]!.contestedShare / 2);
    expect(metrics[0]!.meanReward).toBe(1);
  });

  it('counts what it costs', () => {
    // Reference and last look, and two updates of the window with a source window beside it.
    const [metrics] = train(1, (window) => ({
      swept: wantedOf(window),
      source: [annotated(window, wantedOf(window))],
    }));
    expect(metrics!.forwardEquivalents).toBe(2 + 2 * 3 * 2);
  });

  it('counts the passes of a proposal that looks again', () => {
    const [metrics] = train(1, rightProposal, { proposals: [...usual, 'contrast'] });
    expect(metrics!.forwardEquivalents).toBe(2 + 1 + 2 * 3);
  });

  leakless('leaves no tensors behind', () => {
    train(3, (window) => ({
      ...rightProposal(window),
      source: [annotated(window, wantedOf(window))],
    }));
  });
});
