/** Keys of what the activities make, beside those that storage/keys.ts names. */
import type { ShardInput } from '../../contracts/activities.ts';
import { checkedName, runKeys } from '../../storage/keys.ts';

const three = (n: number): string => String(n).padStart(3, '0');

/** Where the triples of a video lie, and where runs that were begun earlier have them in one file. */
export interface TripleKeys {
  readonly key: string;
  readonly older: string;
}

export const activityKeys = {
  pretrainingCurve: (run: string) => `${runKeys.pretraining(run)}curve.json`,
  autoencoderWeights: (run: string) => `${runKeys.autoencoder(run)}autoencoder.safetensors`,
  autoencoderCurve: (run: string) => `${runKeys.autoencoder(run)}curve.json`,
  linearShapesFit: (run: string) => `${runKeys.root(run)}linear-shapes/fit.json`,
  landmarkWeights: (run: string) => `${runKeys.landmarkReward(run)}landmark.safetensors`,
  landmarkFit: (run: string) => `${runKeys.landmarkReward(run)}fit.json`,
  landmarkExamples: (run: string) => `${runKeys.landmarkReward(run)}examples.json`,
  /** Degraded segmentations of an annotated video with their landmark error maps. */
  landmarkTriples: (run: string, id: string): TripleKeys => {
    const name = `${runKeys.landmarkReward(run)}triples/${checkedName('video', id)}`;
    return { key: `${name}.triples`, older: `${name}.bin` };
  },
  rewardTraining: (run: string, iteration: number) => `${runKeys.iteration(run, iteration)}rewards/`,
  rewardFit: (run: string, iteration: number) => `${runKeys.iteration(run, iteration)}rewards/fit.json`,
  policyTraining: (run: string, iteration: number) => `${runKeys.iteration(run, iteration)}fine-tuning/`,
  /** Local-SGD rounds of an attempt; `attemptFolder` of a lower rate lies inside. */
  rounds: (run: string, iteration: number) => `${runKeys.iteration(run, iteration)}training/`,
  round: (rounds: string, round: number) => `${rounds}round-${three(round)}/`,
  localTraining: (round: string, worker: number) => `${round}worker-${three(worker)}/`,
  fineTuningCurve: (run: string, iteration: number) =>
    `${runKeys.iteration(run, iteration)}fine-tuning/curve.json`,
  /** Segmentations with their error maps; the image is the prepared video itself and not stored again. */
  triples: (run: string, iteration: number, id: string): TripleKeys => {
    const name = `${runKeys.iteration(run, iteration)}triples/${checkedName('video', id)}`;
    return { key: `${name}.triples`, older: `${name}.bin.gz` };
  },
  scores: ({ run, iteration, split, shard }: ShardInput) =>
    `${runKeys.iteration(run, iteration)}scores/${split}-${three(shard)}.json`,
  ratings: (run: string, iteration: number) => `${runKeys.iteration(run, iteration)}ratings.json`,
  selection: (run: string) => `${runKeys.root(run)}selection.json`,
  promotion: (run: string) => `${runKeys.root(run)}promotion.json`,
};
