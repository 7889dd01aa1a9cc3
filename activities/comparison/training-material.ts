/** What a system's training is given: its videos on shelves, what the training before it made, its steps. */
import { z } from 'zod';
import { systemNamed } from '../../comparison/registry.ts';
import type {
  BegunTraining,
  StoredBytes,
  SystemTraining,
  TrainingMaterial,
} from '../../comparison/system.ts';
import { secondsOfStep, TimedTraining } from '../../comparison/timed-training.ts';
import type { TrainSystemInput } from '../../contracts/comparison-activities.ts';
import { readLabelNifti } from '../../datasets/nifti.ts';
import { sweepOf } from '../../decisions/plan.ts';
import type { ArtefactRef } from '../../ground/artefact-ref.ts';
import { DomainError } from '../../ground/errors.ts';
import { type LabelledWindowSource, labelledWindowsOf } from '../../method/windows/training-windows.ts';
import { findArtefact } from '../../storage/artefacts.ts';
import { comparisonKeys } from '../../storage/comparison-keys.ts';
import { findJson, writeFirstJson } from '../artefacts/json-artefact.ts';
import { type RunFacts, readRun } from '../artefacts/run-facts.ts';
import { type ActivityContext, breatheWhilePreparing } from '../context.ts';
import { preparedVideo, storedLabels } from '../videos/prepared-frames.ts';
import { tryVideo } from '../videos/quarantine.ts';
import { refuseEmptyTraining } from '../videos/refuse-empty-training.ts';
import { type TrainingVideo, TrainingVideos } from '../videos/training-videos.ts';
import { trainingVideos } from '../videos/usable-videos.ts';
import { type Rows, readRows, rowNamed, trainingName } from './rows.ts';

/** Steps that are timed for a budget, after as many that are not: the first ones are recorded and checked. */
const TIMED_STEPS = 8;

const BudgetSchema = z.strictObject({ steps: z.int().min(1), secondsPerStep: z.number().min(0) });

type Material = Omit<TrainingMaterial<unknown>, 'steps'>;

export interface PreparedTraining {
  readonly steps: number;
  begin(): Promise<BegunTraining>;
  readonly inputs: readonly ArtefactRef[];
}

/**
 * @throws DomainError DatasetInvalid when too many videos are bad or unlabelled, ConfigInvalid without the training.
 */
export async function prepareTraining(
  input: TrainSystemInput,
  context: ActivityContext,
): Promise<PreparedTraining> {
  const rows = await readRows(input, context);
  const { row } = rowNamed(rows, input.row);
  const system = systemNamed(row.system);
  const facts = await readRun(input, context);
  const settings = system.settings.parse(row.settings);
  const training = system
    .train?.(settings, facts.config)
    .find((found) => trainingName(row.name, found) === input.training);
  if (!training) {
    throw new DomainError('ConfigInvalid', `The system ${row.system} has no training "${input.training}".`);
  }
  const before = input.before && (await bytesOf(input.before, context));
  const config = {
    ...facts.config,
    preprocessing: training.preprocessing?.(facts.config, before) ?? facts.config.preprocessing,
  };
  const of = { input, facts: { ...facts, config } };
  const material: Material = {
    settings,
    config,
    rateFactor: input.rateFactor ?? 1,
    ...(await sourceMaterial(of, training.needs.source, context)),
    target: await targetWindows(of, training.needs.target, context),
    before,
  };
  const inputs = [input.config, input.plan, input.rows, ...(input.before ? [input.before] : [])];
  const steps = await stepsOf(input, { training, material, rows }, context, inputs);
  return { steps, begin: async () => training.begin({ ...material, steps }), inputs };
}

export async function bytesOf(reference: ArtefactRef, context: ActivityContext): Promise<StoredBytes> {
  return { bytes: await context.cache.read(reference), origin: reference.key };
}

interface Of {
  readonly input: TrainSystemInput;
  readonly facts: RunFacts;
}

async function sourceMaterial(
  { input: { run }, facts: { config, plan } }: Of,
  isNeeded: boolean,
  context: ActivityContext,
): Promise<Pick<Material, 'source' | 'sourcePatients'>> {
  if (!isNeeded) return { source: labelledWindowsOf([]), sourcePatients: [] };
  const { train, studies } = plan.source;
  const videos = { run, dataset: config.source, videos: train, labelled: true, config };
  const { windows, ids } = await trainingVideos(videos, context);
  return { source: windows, sourcePatients: ids.map((id) => studies[id] ?? id) };
}

async function targetWindows(
  { input, facts: { config, plan } }: Of,
  needs: SystemTraining<unknown>['needs']['target'],
  context: ActivityContext,
): Promise<LabelledWindowSource> {
  if (needs === 'nothing') return labelledWindowsOf([]);
  const { run, training } = input;
  const videos = { run, dataset: config.target, videos: sweepOf(plan, 1), labelled: false, config };
  if (needs === 'videos') return (await trainingVideos(videos, context)).windows;
  const usable: TrainingVideo[] = [];
  for (const [index, id] of videos.videos.entries()) {
    const tried = await tryVideo(context, run, id, async () => {
      const reference = await findArtefact(context.store, comparisonKeys.pseudoLabels(run, training, id));
      if (!reference) throw new DomainError('DatasetInvalid', `The video ${id} was not labelled.`);
      const image = await preparedVideo(context, config.target, id, config.preprocessing);
      const read = async () => readLabelNifti(await context.cache.read(reference), id);
      return { image, labels: await storedLabels(context, reference, read) };
    });
    if ('value' in tried) usable.push(tried.value);
    await breatheWhilePreparing(context, index + 1, videos.videos.length);
  }
  refuseEmptyTraining(config.target, videos.videos.length, usable.length, config.sweep.maxQuarantinedShare);
  return new TrainingVideos(usable);
}

/**
 * By the steps of the configuration, or as many as fit the wall time: timed once, then kept, so that a training that
 * goes on has the same schedule.
 */
async function stepsOf(
  input: TrainSystemInput,
  { training, material, rows }: { training: SystemTraining<unknown>; material: Material; rows: Rows },
  context: ActivityContext,
  inputs: readonly ArtefactRef[],
): Promise<number> {
  const { source, adaptation } = training.budget;
  const { minutes } = rows;
  if (source + adaptation === 0) return 0;
  if (!minutes) return Math.max(1, Math.round(material.config.pretraining.steps * (source + adaptation)));
  const key = comparisonKeys.budget(input.run, input.training);
  const present = await findJson(context, key, BudgetSchema);
  if (present) return present.value.steps;
  const secondsPerStep = await timeSteps(
    await training.begin({ ...material, steps: 10 * TIMED_STEPS }),
    context,
  );
  const seconds = 60 * (source * minutes.source + adaptation * minutes.adaptation);
  const steps = Math.max(1, Math.floor(seconds / secondsPerStep));
  const budget = { steps, secondsPerStep };
  return (await writeFirstJson(context, { key, schema: BudgetSchema }, budget, inputs)).value.steps;
}

async function timeSteps(begun: BegunTraining, context: ActivityContext): Promise<number> {
  try {
    const training = new TimedTraining(begun.training, () => performance.now());
    return await secondsOfStep(training, { untimed: TIMED_STEPS, timed: TIMED_STEPS }, (step) =>
      breatheWhilePreparing(context, step, 2 * TIMED_STEPS),
    );
  } finally {
    begun.dispose();
  }
}
