import '@tensorflow/tfjs-node-gpu';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { randomStream } from '../../../ground/random.ts';
import type { LabelVideo } from '../../../imaging/image.ts';
import { leakless } from '../../../recorded/leakless.fixture.ts';
import { tinyUNet } from '../../networks/tiny-unet.fixture.ts';
import { UNet3D } from '../../networks/unet3d.ts';
import { type ProposalName, Proposals } from './proposals.ts';

const SHAPE: [number, number, number, number] = [1, 4, 16, 16];
const PIXELS = 256;

let policy: UNet3D;
beforeAll(() => {
  policy = UNet3D.initialise(tinyUNet, randomStream(1, 'policy'));
});
afterAll(() => policy.dispose());

/** In every frame a square; in the second one a speck in the corner, of which the policy is not sure. */
const isSquare = (pixel: number) => [(pixel % PIXELS) >> 4, pixel & 15].every((at) => at >= 6 && at < 12);
const square = Array.from({ length: 4 * PIXELS }, (_, pixel) => (isSquare(pixel) ? 1 : 0));
const withSpeck = square.map((label, pixel) => (pixel === PIXELS ? 1 : label));

function noise(): () => number {
  const random = randomStream(2, 'window');
  return () => random.uniform();
}

/** Labels of all proposals of one window. */
function proposed(
  names: ProposalName[],
  complete?: (window: LabelVideo) => LabelVideo,
  level = noise(),
): number[][] {
  const window = tf.tensor5d(Float32Array.from({ length: 4 * PIXELS }, level), [...SHAPE, 1]);
  const probabilities = new Float32Array(4 * PIXELS * 3);
  for (let pixel = 0; pixel < 4 * PIXELS; pixel++) probabilities.set(probabilitiesAt(pixel), 3 * pixel);
  const logProb = tf.tidy(() => tf.log(tf.tensor5d(probabilities, [...SHAPE, 3])) as tf.Tensor5D);
  const actions = tf.argMax(logProb, -1) as tf.Tensor4D;
  const swept = tf.fill(SHAPE, 2, 'int32') as tf.Tensor4D;
  const proposals = new Proposals({ policy, names, spacingMm: 1.3, complete });
  expect(proposals.count).toBe(1 + names.length);
  const made = proposals.of({ window, actions, logProb, swept });
  const labels = made.map((one) => [...one.dataSync()]);
  expect(made.map(({ shape, dtype }) => [shape, dtype])).toEqual(made.map(() => [SHAPE, 'int32']));
  tf.dispose([window, logProb, actions, swept, made]);
  proposals.dispose();
  return labels;
}

function probabilitiesAt(pixel: number): number[] {
  if (pixel === PIXELS) return [0.2, 0.6, 0.2];
  return isSquare(pixel) ? [0.05, 0.9, 0.05] : [0.9, 0.05, 0.05];
}

it("has the policy's own first, then what is asked for in its order", () => {
  const [own, swept, cleaned] = proposed(['swept', 'cleaned']);
  expect(own).toEqual(withSpeck);
  expect(swept).toEqual(square.map(() => 2));
  expect(cleaned).toEqual(square);
});

it('smooths over the neighbouring frames, at the ends over those that there are', () => {
  // 0.5 * 0.6 + 2 * 0.25 * 0.05 < 0.5 * 0.2 + 2 * 0.25 * 0.9
  expect(proposed(['smoothed'])[1]).toEqual(square);
});

it('asks the policy again at another contrast', () => {
  const [, seen] = proposed(['contrast']);
  expect(new Set(seen!).size).toBeGreaterThan(1);
});

it('proposes what the neighbouring frame is labelled, in a picture that stands still', () => {
  const [own, warped] = proposed(['warped'], undefined, () => 0.5);
  const frame = (labels: number[], at: number) => labels.slice(at * PIXELS, (at + 1) * PIXELS);
  expect([0, 1, 2, 3].map((at) => frame(warped!, at))).toEqual([1, 0, 1, 2].map((at) => frame(own!, at)));
});

it('completes every window on its grid, whose frames have no times', () => {
  const asked: LabelVideo[] = [];
  const [, completed] = proposed(['completed'], (window) => {
    asked.push(window);
    return { ...window, labels: window.labels.map((label) => 2 - label) };
  });
  expect(asked).toHaveLength(1);
  expect(asked[0]).toMatchObject({ frames: 4, rows: 16, columns: 16, spacingMm: [1.3, 1.3] });
  expect(completed).toEqual(withSpeck.map((label) => 2 - label));
});

it('refuses completions where nothing is known of shapes', () => {
  expect(() => proposed(['completed'])).toThrow('inference.completion.enabled');
});

leakless('leaves no tensors behind', () => {
  proposed(['cleaned', 'swept', 'smoothed', 'contrast', 'warped', 'completed'], (window) => window);
});
