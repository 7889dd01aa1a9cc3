/**
 * Compute activities of a rehearsal: each reads what the real one reads of its shard, writes artefacts of the real
 * form, and takes a drawn time instead of computing.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { writeBytes } from '../../activities/artefacts/binary-artefact.ts';
import { writeJson } from '../../activities/artefacts/json-artefact.ts';
import { readRun } from '../../activities/artefacts/run-facts.ts';
import { activityKeys } from '../../activities/artefacts/run-keys.ts';
import type { ActivityContext } from '../../activities/context.ts';
import { findTriples, storeTriples } from '../../activities/rewards/triple-artefacts.ts';
import { encodeTriples } from '../../activities/rewards/triple-chunks.ts';
import { eachVideo } from '../../activities/videos/each-video.ts';
import { readPrediction } from '../../activities/videos/predictions.ts';
import type {
  ComputeActivities,
  LabelShardInput,
  PredictShardInput,
  RatePolicyInput,
} from '../../contracts/activities.ts';
import type { FineTuneInput, FitRewardInput, RunInput } from '../../contracts/training-activities.ts';
import { writeLabelNifti } from '../../datasets/nifti.ts';
import { shardOf } from '../../decisions/plan.ts';
import { DomainError } from '../../ground/errors.ts';
import { randomStream } from '../../ground/random.ts';
import { findArtefact } from '../../storage/artefacts.ts';
import { datasetKeys, runKeys } from '../../storage/keys.ts';
import { clipLabels } from './dataset.ts';

type StandIns = {
  [Name in keyof ComputeActivities]: (
    input: Parameters<ComputeActivities[Name]>[0],
    context: ActivityContext,
  ) => ReturnType<ComputeActivities[Name]>;
};

const masks = writeLabelNifti(clipLabels);
const triples = encodeTriples({ ...clipLabels, outcome: 'kept', agreement: 1 }, [
  { segmentation: clipLabels.labels, correct: new Uint8Array(clipLabels.labels.length).fill(1) },
]);

/** @param meanMs of the drawn time that a video takes; it lies between nothing and twice as much. */
export function standIns(meanMs: number): StandIns {
  const compute = (...what: (string | number)[]): Promise<void> =>
    sleep(2 * meanMs * randomStream(1, ...what).uniform());

  return {
    async predictShard(input: PredictShardInput, context) {
      const { run, iteration, split } = input;
      const { config, plan } = await readRun(input, context);
      return eachVideo(input, shardOf(plan, input), context, async (id) => {
        const key = runKeys.prediction(run, iteration, split, id);
        if (await findArtefact(context.store, key)) return 'done';
        const video = await present(context, datasetKeys.video(config.target, id));
        await context.cache.read(video);
        await compute('predict', iteration, id);
        await writeBytes(context, key, masks, [video, input.policy], 'application/gzip');
        return 'done';
      });
    },
    async labelShard(input: LabelShardInput, context) {
      const { run, iteration } = input;
      const { config, plan } = await readRun(input, context);
      const result = await eachVideo(input, shardOf(plan, input), context, async (id) => {
        const keys = activityKeys.triples(run, iteration, id);
        if (!(await readPrediction({ run, iteration, split: 'target' }, id, context))) return 'skip';
        const video = await present(context, datasetKeys.video(config.target, id));
        if (await findTriples(context, keys)) return 'done';
        await context.cache.read(video);
        await compute('label', iteration, id);
        await storeTriples(context, keys.key, triples, [video, input.policy]);
        return 'done';
      });
      const counts = { kept: result.done, corrected: 0, rejected: 0, triples: result.done };
      return { ...result, counts };
    },
    async fitRewardNetwork(input: FitRewardInput, context) {
      const { run, iteration } = input;
      const network = await small(context, runKeys.anatomicalReward(run, iteration));
      const curve = await curveAt(context, activityKeys.rewardFit(run, iteration));
      return { reward: { network, temperature: 1 }, curve, steps: 1, triples: 1, validationLoss: 0.1 };
    },
    async fineTunePolicy({ run, iteration }: FineTuneInput, context) {
      const policy = await small(context, runKeys.policy(run, iteration));
      const curve = await curveAt(context, activityKeys.fineTuningCurve(run, iteration));
      return { policy, curve, steps: 1, validationReward: 0.9 };
    },
    async ratePolicy(input: RatePolicyInput, context) {
      const { plan } = await readRun(input, context);
      const validation = plan.validation.flat();
      for (const [index, id] of validation.entries()) {
        await readPrediction({ ...input, split: 'validation' }, id, context);
        context.heartbeat({ step: index + 1, total: validation.length });
      }
      return { iteration: input.iteration, reward: 0.8 + input.iteration / 10, videos: validation.length };
    },
    pretrainPolicy: notRehearsed,
    fitShapeAutoencoder: notRehearsed,
    fitLinearShapes: notRehearsed,
    fitLandmarkReward: notRehearsed,
    trainLocally: notRehearsed,
    mergeRound: notRehearsed,
    planComparison: notRehearsed,
    trainSystem: notRehearsed,
    labelForSystem: notRehearsed,
    predictForSystem: notRehearsed,
  };
}

async function notRehearsed({ run }: Pick<RunInput, 'run'>): Promise<never> {
  throw new DomainError('ConfigInvalid', `${run} asks for a stage that a rehearsal leaves out.`);
}

async function present({ store }: ActivityContext, key: string) {
  const found = await findArtefact(store, key);
  if (!found) throw new DomainError('ArtefactMissing', `${key} is not in the store.`, { key });
  return found;
}

/** Stands for weights. */
function small(context: ActivityContext, key: string) {
  return writeBytes(context, key, new TextEncoder().encode(key), []);
}

function curveAt(context: ActivityContext, key: string) {
  return writeJson(context, key, { points: [{ step: 1, loss: 0.1 }] }, []);
}
