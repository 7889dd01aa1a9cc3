/** A real Temporal server with workers whose activities the test chooses; everything is torn down again. */
import type { WorkflowHandleWithFirstExecutionRunId } from '@temporalio/client';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { DefaultLogger, Runtime, Worker, type WorkflowBundle } from '@temporalio/worker';
import {
  type ComputeActivities,
  computeInputs,
  type IoActivities,
  ioInputs,
} from '../../contracts/activities.ts';
import type { ComparisonPlan, RowPlan } from '../../contracts/comparison.ts';
import type { AdaptationInput, RunPlan } from '../../contracts/messages.ts';
import type { MergeRoundInput, MergeRoundResult } from '../../contracts/round-activities.ts';
import { RunConfigSchema } from '../../contracts/run-config.ts';
import type { FleetActivities } from '../../contracts/stages.ts';
import { taskQueues } from '../../contracts/task-queues.ts';
import { electPolicy } from '../../decisions/election.ts';
import type { ArtefactRef } from '../../ground/artefact-ref.ts';
import { findBinary } from '../../runtime/provision/binaries.ts';
import { cacheFolder } from '../../runtime/provision/cache-folder.ts';
import { temporalBinary } from '../../runtime/provision/temporal.ts';
import { fairQueues } from '../../runtime/services/temporal-server.ts';
import { historyBudgets, workflowPolicy } from '../../temporal.config.ts';
import { bundleWorkflows } from '../../workers/workflow-bundle.ts';
import { adaptation } from '../../workflows/adaptation.ts';

export type Activities = IoActivities & ComputeActivities & FleetActivities;

const inputs = { ...ioInputs, ...computeInputs };

/**
 * A Temporal server of this test file alone, from the binary that set-up provides; the SDK's own download where there
 * is none.
 */
export async function openServer(): Promise<TestWorkflowEnvironment> {
  Runtime.install({ logger: new DefaultLogger('ERROR') });
  const path = process.env.TEMPORAL_BINARY ?? (await findBinary(temporalBinary, cacheFolder()))?.path;
  return TestWorkflowEnvironment.createLocal({
    server: {
      ...(path && { executable: { type: 'existing-path', path } }),
      log: { format: 'json', level: 'error' },
      extraArgs: [...fairQueues],
    },
  });
}

export interface Bench {
  readonly environment: TestWorkflowEnvironment;
  readonly bundle: WorkflowBundle;
  /** Starts an adaptation, of a name of its own unless told otherwise. */
  start(input?: AdaptationInput): Promise<WorkflowHandleWithFirstExecutionRunId<typeof adaptation>>;
  /**
   * Runs the work while workers serve these queues, all by default, with these activities; the control worker is
   * always one.
   */
  serve<Result>(
    activities: Activities,
    work: () => Promise<Result>,
    queues?: readonly string[],
  ): Promise<Result>;
  /** Events of every history that a workflow has had. */
  historyLengths(workflowId: string): Promise<number[]>;
  close(): Promise<void>;
}

/** With the last report and decision, and that it continues as new. */
export const mostEventsOfStage = historyBudgets.eventsOfStage + 20;

export async function openBench(): Promise<Bench> {
  const environment = await openServer();
  const bundle = await bundleWorkflows(new DefaultLogger('ERROR'));
  let runs = 0;
  return {
    environment,
    bundle,
    async serve(activities, work, queues = [taskQueues.io, taskQueues.compute]) {
      const { nativeConnection: connection } = environment;
      const control = await Worker.create({
        connection,
        taskQueue: taskQueues.control,
        workflowBundle: bundle,
      });
      const others = [];
      for (const taskQueue of queues) {
        others.push(
          await Worker.create({
            connection,
            taskQueue,
            activities,
            maxHeartbeatThrottleInterval: 50,
            defaultHeartbeatThrottleInterval: 50,
          }),
        );
      }
      let serving = work;
      for (const worker of others) {
        const inner = serving;
        serving = () => worker.runUntil(inner);
      }
      return control.runUntil(serving);
    },
    start: (input = adaptationInput(`run-${++runs}`)) =>
      environment.client.workflow.start(adaptation, {
        ...workflowPolicy,
        workflowId: input.run,
        taskQueue: taskQueues.control,
        args: [input],
      }),
    async historyLengths(workflowId) {
      const { workflow } = environment.client;
      const lengths: number[] = [];
      for await (const { historyLength } of workflow.list({ query: `WorkflowId = "${workflowId}"` }))
        lengths.push(historyLength ?? 0);
      return lengths;
    },
    close: () => environment.teardown(),
  };
}

export function ref(key: string): ArtefactRef {
  return { key, sha256: 'ab'.repeat(32), bytes: 1 };
}

/** An input of a run with small shards. */
export function adaptationInput(
  run: string,
  changes: Partial<AdaptationInput['config']> = {},
): AdaptationInput {
  return {
    run,
    config: {
      ...RunConfigSchema.parse({ source: 'clinic-a', target: 'clinic-b', iterations: 2 }),
      ...changes,
    },
  };
}

/** The plan of a comparison of these rows on few videos. */
export function comparisonPlan(...rowPlans: RowPlan[]): ComparisonPlan {
  return {
    config: ref('config'),
    plan: ref('plan'),
    rows: ref('rows'),
    rowPlans,
    target: { shards: 2, videos: 8 },
    test: { shards: 2, videos: 8 },
  };
}

/** Rounds of a reward fit end with the third, as if its loss stood still. */
function mergedBy(input: MergeRoundInput): Omit<MergeRoundResult, 'curve'> {
  const { round } = input;
  const momentum = ref(`momentum-${round}`);
  if (input.training === 'reward-fit')
    return { network: ref(`reward-${round}`), momentum, ended: round === 3 };
  const policy = ref(`merged-${round}`);
  if (input.training === 'pretraining')
    return { policy: ref(`pretrained-${round}`), average: ref(`average-${round}`), momentum };
  const critic = ref(`merged-critic-${round}`);
  return { policy, critic, momentum, best: input.best ?? { policy, validationReward: 0.7 } };
}

/** Activities that check what they are told and do nothing but answer, with a list of what was called in order. */
export function fakeActivities(changes: Partial<Activities> = {}): {
  activities: Activities;
  calls: string[];
} {
  const calls: string[] = [];
  const plan: RunPlan = {
    config: ref('runs/x/config.json'),
    plan: ref('runs/x/plan.json'),
    sweeps: [
      { shards: 5, videos: 20 },
      { shards: 5, videos: 20 },
    ],
    validation: { shards: 1, videos: 4 },
    test: { shards: 1, videos: 4 },
  };
  const numbers = { videos: 4, anatomicalValidity: 0.5, temporalValidity: 0.25 };
  const answers: Activities = {
    planRun: async () => plan,
    pretrainPolicy: async () => ({ policy: ref('policy-0'), curve: ref('curve'), steps: 10, quarantined: 0 }),
    fitShapeAutoencoder: async () => ({
      autoencoder: ref('autoencoder'),
      curve: ref('curve'),
      steps: 10,
      quarantined: 0,
    }),
    fitLinearShapes: async () => ({ shapes: ref('shapes'), quarantined: 0 }),
    fitLandmarkReward: async () => ({
      landmark: ref('landmark'),
      curve: ref('curve'),
      steps: 10,
      triples: 40,
      validationLoss: 0.1,
      quarantined: 0,
    }),
    predictShard: async () => ({ done: 4, quarantined: 0 }),
    labelShard: async () => ({
      done: 4,
      quarantined: 0,
      counts: { kept: 1, corrected: 2, rejected: 1, triples: 10 },
    }),
    fitRewardNetwork: async () => ({
      reward: { network: ref('reward'), temperature: 1.5 },
      curve: ref('curve'),
      steps: 3,
      triples: 50,
      validationLoss: 0.1,
    }),
    fineTunePolicy: async ({ iteration }) => ({
      policy: ref(`policy-${iteration}`),
      curve: ref('curve'),
      steps: 8,
      validationReward: 0.5 + iteration / 10,
    }),
    trainLocally: async (input) => ({
      local: ref(`local-${input.round}-${input.worker}`),
      curve: ref(`curve-${input.round}-${input.worker}`),
      steps: 'steps' in input ? input.steps : 6,
    }),
    mergeRound: async (input) => ({ ...mergedBy(input), curve: ref(`round-${input.round}`) }),
    concludeRounds: async ({ iteration, best }) => ({
      policy: best.policy,
      curve: ref(`rounds-${iteration}`),
      steps: 8,
      validationReward: best.validationReward,
    }),
    scoreShard: async () => ({ done: 4, quarantined: 0 }),
    summariseEvaluation: async ({ iteration }) => ({
      evaluation: ref(`evaluation-${iteration}`),
      validation: numbers,
      test: { ...numbers, dice: 0.8 + iteration / 100 },
      validFrames: 0.5,
    }),
    ratePolicy: async ({ iteration }) => ({ iteration, reward: 0.5 + iteration / 10, videos: 4 }),
    // The election is pure, so even here it is the real one: what a test says of the best policy is then true of a run.
    selectBest: async ({ policies, ratings }) => ({
      best: electPolicy(policies, ratings),
      selection: ref('selection'),
    }),
    promote: async () => ({ promoted: true, reason: 'better' }),
    readChampion: async () => ({ policy: ref('champion') }),
    writeReport: async () => ({ report: ref('report') }),
    countComputeWorkers: async () => 4,
    planComparison: async () => comparisonPlan(),
    trainSystem: async ({ training }) => ({
      model: ref(`model-${training}`),
      trained: { name: training, steps: 10, seconds: 1 },
    }),
    labelForSystem: async () => ({ done: 4, quarantined: 0 }),
    predictForSystem: async () => ({ done: 4, quarantined: 0 }),
    scoreSystem: async () => ({ done: 4, quarantined: 0 }),
    writeComparison: async () => ({
      json: ref('comparison.json'),
      csv: ref('comparison.csv'),
      markdown: ref('comparison.md'),
      latex: ref('comparison.tex'),
      page: ref('comparison.html'),
      pictures: [],
    }),
    ...changes,
  };
  const activities = Object.fromEntries(
    Object.entries(answers).map(([name, answer]) => [
      name,
      (input: never) => {
        if (name in inputs) {
          calls.push(name);
          inputs[name as keyof typeof inputs].parse(input);
        }
        return (answer as (input: never) => unknown)(input);
      },
    ]),
  ) as unknown as Activities;
  return { activities, calls };
}
