/** One worker's part of a local-SGD round (method.md 7): PPO on its shard of the videos from the weights that all workers start from. */
import type { z } from 'zod';
import type { TrainLocallyInput, TrainLocallyResult } from '../contracts/activities.ts';
import type { RunConfig } from '../contracts/run-config.ts';
import { planRounds } from '../decisions/local-sgd-rounds.ts';
import type { ArtefactRef } from '../ground/artefact-ref.ts';
import type { NamedArrays } from '../method/networks/named-arrays.ts';
import { takeArrays, withPrefix } from '../method/networks/prefixed-arrays.ts';
import { encodeSafetensors } from '../method/networks/safetensors.ts';
import { FineTune } from '../method/ppo/fine-tune.ts';
import { deltaOf } from '../method/scale-out/outer-step.ts';
import { shardOfWorker } from '../method/scale-out/shard-of-worker.ts';
import { findArtefact, writeArtefact } from '../storage/artefacts.ts';
import { findJson, writeJson } from './artefacts/json-artefact.ts';
import { readArrays } from './artefacts/networks.ts';
import { readRun } from './artefacts/run-facts.ts';
import { activityKeys } from './artefacts/run-keys.ts';
import type { ActivityContext } from './context.ts';
import { LocalTrainingSchema } from './fine-tuning/documents.ts';
import { type Learners, loadLearners, resumableFineTune } from './fine-tuning/learners.ts';
import { sweptSurroundings } from './fine-tuning/swept-surroundings.ts';
import { rewardInputs } from './rewards/policy-rewards.ts';
import { attemptFolder, withRates } from './training/attempt.ts';
import { trainResumably } from './training/train-resumably.ts';
import { shelveVideos } from './videos/shelve-videos.ts';
import { VideoShelf, windowsFrom } from './videos/video-shelf.ts';

export async function trainLocally(
  input: TrainLocallyInput,
  context: ActivityContext,
): Promise<TrainLocallyResult> {
  const { run, iteration, round, worker, rateFactor } = input;
  const rounds = attemptFolder(activityKeys.rounds(run, iteration), rateFactor);
  const folder = activityKeys.localTraining(activityKeys.round(rounds, round), worker);
  const keys = { local: `${folder}local.safetensors`, curve: `${folder}curve.json` };
  const present = await findJson(context, keys.curve, LocalTrainingSchema);
  const finished = present && (await findArtefact(context.store, keys.local));
  if (present && finished) return { local: finished, curve: present.reference, steps: present.value.steps };

  const facts = await readRun(input, context);
  const { config, plan } = facts;
  const shelf = new VideoShelf();
  let learners: Learners | undefined;
  try {
    const videos = shardOfWorker(plan.sweeps[iteration - 1]!.flat(), worker, config.localSgd.workers);
    const ofTraining = { run, dataset: config.target, labelled: false, config, videos };
    const { usable } = await shelveVideos(shelf, ofTraining, context);
    learners = await loadLearners(input, facts, context);
    const { policy, reference, critic, rewards } = learners;
    const start = { policy: policy.toArrays(), critic: critic.toArrays() };
    const fineTune = new FineTune({
      policy,
      reference,
      critic,
      rewardOf: rewards.training,
      windows: windowsFrom(shelf, usable),
      surroundingsOf: await sweptSurroundings(usable, input, config, context),
      config: withRates(partOf(config, input), ['policyLearningRate', 'criticLearningRate'], rateFactor),
      iteration,
      seed: config.seed,
      stream: ['round', round, 'worker', worker],
      before: (round - 1) * input.steps,
      after: (planRounds(config, plan.sweeps[iteration - 1]!.flat().length).rounds - round) * input.steps,
      windowFrames: config.inference.windowFrames,
    });
    try {
      if (input.before) {
        const arrays = { ...prefixed(start), ...(await momentsOf(input.before, context)) };
        fineTune.restore({ arrays, progress: fineTune.progress });
      }
      const inputs = [
        input.config,
        input.plan,
        input.policy,
        input.reference,
        ...(input.critic ? [input.critic] : []),
        ...(input.before ? [input.before] : []),
        ...rewardInputs(input.reward),
      ];
      const trained = await trainResumably(
        {
          activity: 'trainLocally',
          folder,
          checkpointEverySteps: config.ppo.checkpointEveryWindows,
          inputs,
          training: resumableFineTune(fineTune),
        },
        context,
      );
      const { arrays } = fineTune.state();
      const made = {
        ...withPrefix('policyDelta', deltaOf(start.policy, takeArrays('policy', arrays))),
        ...withPrefix('criticDelta', deltaOf(start.critic, takeArrays('critic', arrays))),
        ...momentsIn(arrays),
      };
      const bytes = encodeSafetensors(made, { kind: 'local-training' });
      const { codeVersion } = context;
      const mediaType = 'application/octet-stream';
      const local = await writeArtefact(context.store, keys.local, bytes, { inputs, codeVersion, mediaType });
      const { steps } = trained;
      const { rollbacks } = fineTune.progress;
      const document: z.infer<typeof LocalTrainingSchema> = { steps, rollbacks, points: [...trained.curve] };
      const curve = await writeJson(context, keys.curve, document, [local]);
      await trained.clearCheckpoints();
      return { local, curve, steps };
    } finally {
      fineTune.dispose();
    }
  } finally {
    learners?.dispose();
    shelf.dispose();
  }
}

/** The configuration of the part: one epoch of the round's steps, with what is left of this worker's share of the warm-up. */
function partOf({ ppo, localSgd }: RunConfig, { round, steps }: TrainLocallyInput): RunConfig['ppo'] {
  const warmup = Math.ceil(ppo.criticWarmupWindows / localSgd.workers) - (round - 1) * steps;
  return { ...ppo, epochs: 1, windowsPerEpoch: steps, criticWarmupWindows: Math.max(0, warmup) };
}

async function momentsOf(before: ArtefactRef, context: ActivityContext): Promise<NamedArrays> {
  return momentsIn(await readArrays(context, before));
}

function momentsIn(arrays: NamedArrays): NamedArrays {
  return {
    ...withPrefix('policyAdam', takeArrays('policyAdam', arrays)),
    ...withPrefix('criticAdam', takeArrays('criticAdam', arrays)),
  };
}

function prefixed({
  policy,
  critic,
}: {
  readonly policy: NamedArrays;
  readonly critic: NamedArrays;
}): NamedArrays {
  return { ...withPrefix('policy', policy), ...withPrefix('critic', critic) };
}
