import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-node-gpu';
import { expect, it } from 'vitest';
import { AugmentationSchema } from '../../contracts/augmentation.ts';
import { randomStream } from '../../ground/random.ts';
import { supervisedLoss } from '../../method/networks/supervised-loss.ts';
import { tinyUNet } from '../../method/networks/tiny-unet.fixture.ts';
import { UNet3D } from '../../method/networks/unet3d.ts';
import { imageWindow, labelWindow } from '../../method/windows/training-windows.ts';
import { ringWindows } from '../rings.fixture.ts';
import { consistencyLoss, entropyOf, entropyThreshold, probabilitiesOf, sigmoidRamp } from './consistency.ts';
import { MeanTeacherTraining } from './mean-teacher-training.ts';

it('has the published ramp and threshold', () => {
  expect(sigmoidRamp(0)).toBeCloseTo(Math.exp(-5), 12);
  expect([sigmoidRamp(1), sigmoidRamp(3)]).toEqual([1, 1]);
  expect(entropyThreshold(1, 2)).toBeCloseTo(Math.LN2, 12);
  expect(entropyThreshold(0, 3)).toBeCloseTo((0.75 + 0.25 * Math.exp(-5)) * Math.log(3), 12);
});

it('learns from voxels alone of which the teacher is sure, along the gradient of its loss', () => {
  const random = randomStream(1, 'test');
  const shape: [number, number, number, number, number] = [1, 1, 2, 2, 3];
  const values = Float32Array.from({ length: 12 }, () => random.normal());
  const before = tf.memory().numTensors;
  // The last voxel's teacher is sure, the others' are not.
  const teacherLogits = tf.tensor5d([0, 0, 0, 0.1, 0, 0, 0, 0.2, 0, 9, 0, 0], shape);
  const teacher = probabilitiesOf(teacherLogits);
  const uncertainty = entropyOf(teacher);
  expect(uncertainty.dataSync()[0]).toBeCloseTo(Math.log(3), 4);
  const threshold = tf.scalar(0.5);
  const lossOf = (logits: Float32Array) => {
    const tensor = tf.tensor5d(logits, shape);
    const { loss, gradient, kept } = consistencyLoss(tensor, teacher, uncertainty, threshold);
    const result = {
      loss: loss.dataSync()[0]!,
      gradient: Array.from(gradient.dataSync()),
      kept: kept.dataSync()[0]!,
    };
    tf.dispose([tensor, loss, gradient, kept]);
    return result;
  };
  const { loss, gradient, kept } = lossOf(values);
  expect(kept).toBe(0.25);
  const softmax = [9, 10, 11].map((i) => Math.exp(values[i]!));
  const sum = softmax.reduce((a, b) => a + b, 0);
  const teach = Array.from(teacher.dataSync().slice(9));
  const expected = softmax.reduce((total, value, k) => total + (value / sum - teach[k]!) ** 2, 0) / 3;
  expect(loss).toBeCloseTo(expected, 5);
  expect(gradient.slice(0, 9)).toEqual(Array(9).fill(expect.closeTo(0, 12)));
  for (const i of [9, 10, 11]) {
    const change = (by: number) => lossOf(values.map((value, k) => (k === i ? value + by : value))).loss;
    expect(gradient[i]).toBeCloseTo((change(1e-2) - change(-1e-2)) / 2e-2, 3);
  }
  tf.dispose([teacherLogits, teacher, uncertainty, threshold]);
  expect(tf.memory().numTensors).toBe(before);
});

function meanTeacher(steps: number, learningRate: number) {
  const student = UNet3D.initialise(tinyUNet, randomStream(1, 'policy'));
  const training = new MeanTeacherTraining({
    student,
    source: ringWindows('source', 4, 1),
    target: ringWindows('target', 4, 50),
    config: { steps, learningRate, warmupSteps: 0 },
    settings: { passes: 2, noise: 0.1, weight: 0.1, decay: 0.99 },
    augmentation: AugmentationSchema.parse({}),
    spacingMm: 1,
    seed: 3,
    windowFrames: 4,
  });
  return {
    student,
    training,
    dispose: () => {
      training.dispose();
      student.dispose();
    },
  };
}

/** Mean supervised loss over unseen videos of the target. */
function lossOf(network: UNet3D): number {
  const windows = ringWindows('target', 6, 100);
  const losses = Array.from({ length: windows.count }, (_, video) =>
    tf.tidy(() => {
      const place = { video, startFrame: 2 };
      const logits = network.forward(imageWindow(windows, place, 4));
      return supervisedLoss(logits, labelWindow(windows, place, 4)).loss.dataSync()[0]!;
    }),
  );
  return losses.reduce((sum, loss) => sum + loss, 0) / losses.length;
}

it('has a teacher that is ahead of its student early, and leaks nothing', () => {
  const before = tf.memory().numTensors;
  // Of a long schedule: the rate has hardly fallen yet.
  const { student, training, dispose } = meanTeacher(4000, 4e-2);
  const lead: number[] = [];
  let tensors = 0;
  for (let step = 1; step <= 150; step++) {
    const { measures } = training.step();
    expect(measures.kept).toBeGreaterThanOrEqual(0);
    if (step >= 100 && step % 10 === 0) lead.push(lossOf(student) - lossOf(training.teacher));
    if (step === 20) tensors = tf.memory().numTensors;
  }
  expect(tf.memory().numTensors).toBe(tensors);
  // A student swings from step to step, so several looks are taken together.
  expect(lead.reduce((sum, ahead) => sum + ahead, 0) / lead.length).toBeGreaterThan(0.03);
  expect(lead.filter((ahead) => ahead > 0).length).toBeGreaterThanOrEqual(4);
  dispose();
  expect(tf.memory().numTensors).toBe(before);
}, 120_000);
