/** Fine-tunes the policy against the reward with PPO (method.md 6) on the videos of this iteration's sweep. */
import type { z } from 'zod';
import type { FineTuneInput, FineTuneResult } from '../contracts/activities.ts';
import type { ArtefactRef } from '../ground/artefact-ref.ts';
import { FineTune } from '../method/ppo/fine-tune.ts';
import { findArtefact } from '../storage/artefacts.ts';
import { runKeys } from '../storage/keys.ts';
import { findJson, writeJson } from './artefacts/json-artefact.ts';
import { policySettings, storeNetwork } from './artefacts/networks.ts';
import { type RunFacts, readRun } from './artefacts/run-facts.ts';
import { activityKeys } from './artefacts/run-keys.ts';
import type { ActivityContext } from './context.ts';
import { FineTuningSchema } from './fine-tuning/documents.ts';
import { type Learners, loadLearners, resumableFineTune } from './fine-tuning/learners.ts';
import { sweptSurroundings } from './fine-tuning/swept-surroundings.ts';
import { rewardInputs } from './rewards/policy-rewards.ts';
import { attemptFolder, withRates } from './training/attempt.ts';
import { trainResumably } from './training/train-resumably.ts';
import { shelveVideos } from './videos/shelve-videos.ts';
import { VideoShelf, windowsFrom } from './videos/video-shelf.ts';

export async function fineTunePolicy(
  input: FineTuneInput,
  context: ActivityContext,
): Promise<FineTuneResult> {
  const { run, iteration } = input;
  const present = await findJson(context, activityKeys.fineTuningCurve(run, iteration), FineTuningSchema);
  const storedPolicy = present && (await findArtefact(context.store, runKeys.policy(run, iteration)));
  const storedCritic = present && (await findArtefact(context.store, activityKeys.critic(run, iteration)));
  if (present && storedPolicy && storedCritic) {
    return resultOf(storedPolicy, storedCritic, present.reference, present.value);
  }

  const facts = await readRun(input, context);
  const shelf = new VideoShelf();
  let learners: Learners | undefined;
  try {
    const videos = { run, dataset: facts.config.target, labelled: false, config: facts.config };
    const sweep = facts.plan.sweeps[iteration - 1]!.flat();
    const training = await shelveVideos(shelf, { ...videos, videos: sweep }, context);
    const held = facts.plan.validation.flat().slice(0, facts.config.ppo.validationVideos);
    const validation = await shelveVideos(shelf, { ...videos, videos: held }, context);
    learners = await loadLearners(input, facts, context);
    const { policy, reference, critic, rewards } = learners;
    const { config } = facts;
    const fineTune = new FineTune({
      policy,
      reference,
      critic,
      rewardOf: rewards.training,
      windows: windowsFrom(shelf, training.usable),
      surroundingsOf: await sweptSurroundings(training.usable, input, config, context),
      validation: {
        windows: windowsFrom(shelf, validation.usable),
        rewardOf: rewards.validation,
      },
      config: withRates(config.ppo, ['policyLearningRate', 'criticLearningRate'], input.rateFactor),
      iteration,
      seed: config.seed,
      windowFrames: config.inference.windowFrames,
    });
    try {
      return await train(input, fineTune, learners, facts, context);
    } finally {
      fineTune.dispose();
    }
  } finally {
    learners?.dispose();
    shelf.dispose();
  }
}

async function train(
  input: FineTuneInput,
  fineTune: FineTune,
  { policy, critic }: Pick<Learners, 'policy' | 'critic'>,
  { config }: RunFacts,
  context: ActivityContext,
): Promise<FineTuneResult> {
  const { run, iteration } = input;
  const inputs = [input.config, input.plan, input.policy, input.reference, ...rewardInputs(input.reward)];
  const trained = await trainResumably(
    {
      activity: 'fineTunePolicy',
      folder: attemptFolder(activityKeys.policyTraining(run, iteration), input.rateFactor),
      checkpointEverySteps: config.ppo.checkpointEveryWindows,
      inputs,
      training: resumableFineTune(fineTune),
    },
    context,
  );
  policy.assign(fineTune.bestPolicy());
  const policyKey = runKeys.policy(run, iteration);
  const storedPolicy = await storeNetwork(
    context,
    policyKey,
    policy,
    'policy',
    inputs,
    policySettings(config),
  );
  const storedCritic = await storeNetwork(
    context,
    activityKeys.critic(run, iteration),
    critic,
    'critic',
    inputs,
  );
  const document: z.infer<typeof FineTuningSchema> = {
    // Without validation videos the reward of the last window is the best that is known.
    validationReward: fineTune.progress.best?.validationReward ?? trained.curve.at(-1)?.reward ?? 0,
    steps: trained.steps,
    rollbacks: fineTune.progress.rollbacks,
    points: [...trained.curve],
  };
  const curveKey = activityKeys.fineTuningCurve(run, iteration);
  const curve = await writeJson(context, curveKey, document, [storedPolicy, storedCritic]);
  await trained.clearCheckpoints();
  return resultOf(storedPolicy, storedCritic, curve, document);
}

function resultOf(
  policy: ArtefactRef,
  critic: ArtefactRef,
  curve: ArtefactRef,
  { validationReward, steps }: z.infer<typeof FineTuningSchema>,
): FineTuneResult {
  return { policy, critic, curve, validationReward, steps };
}
