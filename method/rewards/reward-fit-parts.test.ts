/** Parts of a reward fit (method.md 7): in a row they are the fit in one go, dealt out they are its windows. */
import '@tensorflow/tfjs-node-gpu';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { RewardFitSchema } from '../../contracts/run-config.ts';
import { randomStream } from '../../ground/random.ts';
import type { NamedArrays } from '../networks/named-arrays.ts';
import { takeArrays } from '../networks/prefixed-arrays.ts';
import { tinyUNet } from '../networks/tiny-unet.fixture.ts';
import { UNet3D } from '../networks/unet3d.ts';
import { type TripleSource, triplesOf } from '../windows/triple-windows.ts';
import { RewardFit, type RewardFitOptions } from './reward-fit.ts';
import { initialProgress, trainedElsewhere } from './reward-fit-progress.ts';
import { rewardNetworkConfig } from './reward-network.ts';

const [frames, rows, columns] = [4, 8, 8];
const random = randomStream(3, 'triples');
const triples = triplesOf(
  Array.from({ length: 8 }, (_, index) => ({
    study: `study-${index}`,
    image: Float32Array.from({ length: frames * rows * columns }, () => random.uniform()),
    segmentation: Uint8Array.from({ length: frames * rows * columns }, () => random.integer(3)),
    correct: Uint8Array.from({ length: frames * rows * columns }, () => random.integer(2)),
    ...{ frames, rows, columns },
  })),
);
const config = RewardFitSchema.parse({ epochs: 3, stepsPerEpoch: 7, accumulation: 3, learningRate: 0.02 });

/** The work on a fit of a new network, which is freed with its network. */
function withFit<Result>(
  options: Partial<RewardFitOptions>,
  work: (fit: RewardFit, network: UNet3D) => Result,
): Result {
  const network = UNet3D.initialise(rewardNetworkConfig(tinyUNet), randomStream(1, 'reward'));
  const fit = new RewardFit({ network, triples, config, seed: 1, windowFrames: 2, ...options });
  try {
    return work(fit, network);
  } finally {
    fit.dispose();
    network.dispose();
  }
}

function finish(fit: RewardFit): RewardFit {
  while (!fit.done) fit.step();
  return fit;
}

it('is the fit in one go when one worker trains epoch by epoch and the best is calibrated at the end', () => {
  const tensors = tf.memory().numTensors;
  const whole = withFit({}, (fit) => ({ report: finish(fit).report, progress: fit.progress }));
  let progress = initialProgress(config);
  let learnt: NamedArrays | undefined;
  let best: NamedArrays | undefined;
  while (progress.phase === 'training') {
    const { epoch } = progress;
    for (const only of ['training', 'validation'] as const) {
      withFit({ only }, (fit) => {
        fit.restore({ arrays: { ...fit.state().arrays, ...learnt }, progress });
        const { arrays } = finish(fit).state();
        ({ progress } = fit);
        // What a merging hands on: weights and moments.
        learnt = Object.fromEntries(
          Object.entries(arrays).filter(([name]) => /^(network|optimiser)\//.test(name)),
        );
        if (progress.bestEpoch === epoch) best = takeArrays('network', arrays);
        if (only === 'training') progress = trainedElsewhere(progress, progress.trainingLoss!);
      });
    }
  }
  const parts = withFit({}, (fit, network) => {
    network.assign(best!);
    fit.restore({ ...fit.state(), progress });
    return { report: finish(fit).report, progress: fit.progress };
  });
  expect(parts).toEqual(whole);
  expect(tf.memory().numTensors).toBe(tensors);
});

it('trains, by all workers together, on the windows of an epoch of one', () => {
  const drawn = (options: Partial<RewardFitOptions>): string[] => {
    const places: string[] = [];
    const seen: TripleSource = {
      ...triples,
      load(index, startFrame, count) {
        places.push(`${index} ${startFrame}`);
        return triples.load(index, startFrame, count);
      },
    };
    withFit({ triples: seen, only: 'training', ...options }, finish);
    return places;
  };
  const own = (worker: number) =>
    drawn({ ownWindows: (windows) => windows.filter((window) => window % 2 === worker) });
  const [whole, first, second] = [drawn({}), own(0), own(1)];
  expect([first.length, second.length]).toEqual([4, 3]);
  expect(whole).toEqual(
    whole.map((_, window) => (window % 2 === 0 ? first : second)[Math.floor(window / 2)]),
  );
});
