/** What the steps of a reward fit cost and count. */
import '@tensorflow/tfjs-node-gpu';
import { expect, it, vi } from 'vitest';
import { RewardFitSchema } from '../../contracts/run-config.ts';
import { randomStream, shuffled } from '../../ground/random.ts';
import { recordSteps } from '../../recorded/recorded.ts';
import { twoLevels } from '../networks/two-level-unet.fixture.ts';
import { UNet3D } from '../networks/unet3d.ts';
import { triplesOf } from '../windows/triple-windows.ts';
import { RewardFit } from './reward-fit.ts';
import { rewardLossAndGradient, rewardNetworkConfig } from './reward-network.ts';

vi.mock('../../ground/random.ts', async (original) => {
  const actual = await original<typeof import('../../ground/random.ts')>();
  return { ...actual, shuffled: vi.fn(actual.shuffled) };
});
vi.mock('./reward-network.ts', async (original) => {
  const actual = await original<typeof import('./reward-network.ts')>();
  return { ...actual, rewardLossAndGradient: vi.fn(actual.rewardLossAndGradient) };
});

const shape = rewardNetworkConfig({
  baseFilters: 2,
  maxFilters: 2,
  ...twoLevels,
});
const triples = triplesOf(
  Array.from({ length: 6 }, (_, index) => ({
    study: `study-${index}`,
    image: new Float32Array(64).fill(index / 6),
    segmentation: new Uint8Array(64),
    correct: Uint8Array.from({ length: 64 }, (_, i) => (i + index) % 2),
    frames: 1,
    rows: 8,
    columns: 8,
  })),
);

/** Two epochs of five windows over four triples; one triple is held out to validate, one to test. */
function withFit<Result>(work: (fit: RewardFit) => Result, epochs = 2): Result {
  const network = UNet3D.initialise(shape, randomStream(1, 'reward'));
  const config = RewardFitSchema.parse({ epochs, stepsPerEpoch: 5, accumulation: 1, stopPatience: 50 });
  const fit = new RewardFit({ network, triples, config, seed: 1, windowFrames: 1 });
  try {
    return work(fit);
  } finally {
    fit.dispose();
    network.dispose();
  }
}

it('puts the triples into an order once an epoch, not at every step', () => {
  withFit((fit) => {
    vi.mocked(shuffled).mockClear();
    while (!fit.done) fit.step();
    expect(vi.mocked(shuffled)).toHaveBeenCalledTimes(2);
  });
});

it('takes no gradient of windows that it does not train on', () => {
  // A recorded step would hide the calls.
  recordSteps(false);
  try {
    withFit((fit) => {
      vi.mocked(rewardLossAndGradient).mockClear();
      while (!fit.done) fit.step();
      expect(vi.mocked(rewardLossAndGradient)).toHaveBeenCalledTimes(10);
    });
  } finally {
    recordSteps(true);
  }
});

it('refuses a step after the last instead of telling a loss of 0', () => {
  withFit((fit) => {
    while (!fit.done) fit.step();
    expect(() => fit.step()).toThrow('no step left');
  });
});

it('knows from the start how many steps there are, and which of them are not training', () => {
  withFit((fit) => {
    const seen: string[] = [];
    const { total } = fit.count;
    for (let steps = 1; !fit.done; steps++) {
      seen.push(fit.count.phase ?? 'training');
      fit.step();
      expect(fit.count).toMatchObject({ done: steps, total });
    }
    expect(fit.count).toEqual({ done: total, total, phase: undefined });
    const epoch = [...Array(5).fill('training'), 'validation windows'];
    expect(seen).toEqual([...epoch, ...epoch, 'calibration windows', 'test windows']);
  });
});
