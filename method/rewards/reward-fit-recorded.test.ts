/** A reward fit whose passes are recorded is the one whose operations run one by one, to the last bit. */
import '@tensorflow/tfjs-node-gpu';
import { afterEach, expect, it } from 'vitest';
import { RewardFitSchema } from '../../contracts/run-config.ts';
import { randomStream } from '../../ground/random.ts';
import { leakless, operationsOf } from '../../recorded/leakless.fixture.ts';
import { recordSteps } from '../../recorded/recorded.ts';
import type { NamedArrays } from '../networks/named-arrays.ts';
import { tinyUNet } from '../networks/tiny-unet.fixture.ts';
import { UNet3D } from '../networks/unet3d.ts';
import type { TrainingState } from '../training/training.ts';
import { tripleOf } from '../windows/triple.fixture.ts';
import type { TripleSource } from '../windows/triple-windows.ts';
import { RewardFit, type RewardFitReport } from './reward-fit.ts';
import type { RewardFitProgress } from './reward-fit-progress.ts';
import { rewardNetworkConfig } from './reward-network.ts';

const [frames, rows, columns] = [4, 8, 8];
const random = randomStream(3, 'triples');
const stored = Array.from({ length: 8 }, () => ({
  image: Float32Array.from({ length: frames * rows * columns }, () => random.uniform()),
  segmentation: Uint8Array.from({ length: frames * rows * columns }, () => random.integer(3)),
  correct: Uint8Array.from({ length: frames * rows * columns }, () => random.integer(2)),
}));
const triples: TripleSource = {
  count: stored.length,
  studyOf: (index) => `study-${index}`,
  load: (index) => tripleOf({ frames, rows, columns }, stored[index]!),
};
// 7 windows: two steps along 3 gradients each, and one along the last.
const config = RewardFitSchema.parse({ epochs: 2, stepsPerEpoch: 7, accumulation: 3, learningRate: 0.02 });

afterEach(() => recordSteps(true));

interface Outcome {
  readonly losses: readonly object[];
  readonly report: RewardFitReport | undefined;
  readonly arrays: NamedArrays;
}

function withFit<Result>(work: (fit: RewardFit) => Result): Result {
  const network = UNet3D.initialise(rewardNetworkConfig(tinyUNet), randomStream(1, 'reward'));
  const fit = new RewardFit({ network, triples, config, seed: 1, windowFrames: 2 });
  try {
    return work(fit);
  } finally {
    fit.dispose();
    network.dispose();
  }
}

function finish(fit: RewardFit, losses: object[]): Outcome {
  while (!fit.done) losses.push(fit.step().measures);
  return { losses, report: fit.report, arrays: fit.state().arrays };
}

function fitted(record: boolean): Outcome {
  recordSteps(record);
  return withFit((fit) => finish(fit, []));
}

/** Saved after so many steps, and gone on with by another process's fit. */
function resumed(
  steps: number,
  record: readonly [boolean, boolean],
  change: (saved: TrainingState<RewardFitProgress>) => TrainingState<RewardFitProgress> = (saved) => saved,
): Outcome {
  const losses: object[] = [];
  recordSteps(record[0]);
  const saved = withFit((fit) => {
    while (losses.length < steps) losses.push(fit.step().measures);
    return fit.state();
  });
  recordSteps(record[1]);
  return withFit((fit) => {
    fit.restore(change(saved));
    return finish(fit, losses);
  });
}

leakless('gives the same losses, weights, moments and report recorded and not', () => {
  const plain = fitted(false);
  expect(fitted(true)).toEqual(plain);
  expect(new Set(plain.losses.map((loss) => JSON.stringify(loss))).size).toBeGreaterThan(10);
});

leakless(
  'goes on from the middle of an accumulation, of validation and of calibration with the same bits',
  () => {
    const plain = fitted(false);
    for (const steps of [5, 8, 17]) {
      expect(resumed(steps, [true, true]), `${steps} steps`).toEqual(plain);
    }
    expect(resumed(5, [false, true])).toEqual(plain);
    expect(resumed(5, [true, false])).toEqual(plain);
  },
);

leakless('goes on from what earlier versions saved, which left out the gradients that are zero', () => {
  const old = resumed(5, [true, true], ({ arrays, progress }) => {
    const kept = Object.entries(arrays).filter(([name]) => !/^accumulated\/.*conv\.bias$/.test(name));
    expect(kept.length).toBeLessThan(Object.keys(arrays).length);
    return { arrays: Object.fromEntries(kept), progress };
  });
  expect(old).toEqual(fitted(false));
});

it('refuses a state between two steps whose gradients are lost', () => {
  const lose = ({ arrays, progress }: TrainingState<RewardFitProgress>) => ({
    arrays: Object.fromEntries(Object.entries(arrays).filter(([name]) => !name.startsWith('accumulated/'))),
    progress,
  });
  expect(() => resumed(5, [true, true], lose)).toThrow('The sum of gradients');
});

it('trains on a window in one call of TensorFlow', () => {
  withFit((fit) => {
    for (let step = 0; step < 2; step++) fit.step();
    const calls = operationsOf(() => fit.step()).filter((name) => name.startsWith('reward_fit'));
    // The third window: its gradients, and the step along the mean of three, which is not recorded before its third
    // time.
    expect(calls).toEqual([expect.stringMatching(/^reward_fit_\d+\b/)]);
  });
});
