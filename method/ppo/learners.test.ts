import '@tensorflow/tfjs-node-gpu';
import * as tf from '@tensorflow/tfjs-core';
import { expect } from 'vitest';
import { randomStream } from '../../ground/random.ts';
import { leakless } from '../../recorded/leakless.fixture.ts';
import { stepAlong } from '../networks/adam.fixture.ts';
import { tinyUNet } from '../networks/tiny-unet.fixture.ts';
import { UNet3D } from '../networks/unet3d.ts';
import { Learners } from './learners.ts';

leakless('learners name a weight that is not finite, and go back to what was held, moments included', () => {
  const policy = UNet3D.initialise(tinyUNet, randomStream(1, 'policy'));
  const critic = UNet3D.initialise({ ...tinyUNet, outputChannels: 1 }, randomStream(1, 'critic'));
  const learners = new Learners(policy, critic, { policyLearningRate: 0.1, criticLearningRate: 0.1 });
  const name = 'bottleneck.conv1.norm.bias';
  const bias = critic.parameters.get(name)!;
  const good = learners.hold();
  const before = learners.snapshot();
  for (let call = 0; call < 4; call++) {
    expect(learners.findNotFiniteWeight()).toBeUndefined();
    tf.tidy(() => stepAlong(learners.withCritic.criticOptimiser, new Map([[name, tf.onesLike(bias)]])));
    expect(learners.snapshot()).not.toEqual(before);
    tf.tidy(() => bias.assign(tf.div(tf.onesLike(bias), call % 2 === 0 ? 0 : Number.NaN)));
    expect(learners.findNotFiniteWeight()).toMatchObject({
      guard: 'notFinite',
      message: `the weight ${name} has the value ${call % 2 === 0 ? 'Infinity' : 'NaN'}`,
    });
    good.restore();
    expect(learners.snapshot()).toEqual(before);
  }
  for (const one of [good, learners, policy, critic]) one.dispose();
});
