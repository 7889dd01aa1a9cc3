/** What the system of every row is and needs, frozen when a comparison begins. */
import { z } from 'zod';
import { systemNamed } from '../../comparison/registry.ts';
import type { AnySystem, SystemDescription } from '../../comparison/system.ts';
import type { ComparedRow, MadeBefore, RowPlan } from '../../contracts/comparison.ts';
import type { PlanComparisonInput } from '../../contracts/comparison-activities.ts';
import type { RunConfig } from '../../contracts/run-config.ts';
import type { ArtefactRef } from '../../ground/artefact-ref.ts';
import { DomainError } from '../../ground/errors.ts';
import { hashText } from '../../ground/hash-text.ts';
import { findArtefact } from '../../storage/artefacts.ts';
import { LONGEST_NAME } from '../../storage/keys.ts';
import type { ActivityContext } from '../context.ts';
import { type FoundModel, findModel } from './models-made-before.ts';
import { type PlannedRow, type Rows, trainingName } from './rows.ts';

/**
 * @throws DomainError ConfigInvalid for a system that is not known or settings that are not its own, ArtefactMissing
 */
export async function planRows(
  run: string,
  { run: config, rows, minutes, pictures }: PlanComparisonInput['config'],
  context: ActivityContext,
): Promise<Rows> {
  const planned: PlannedRow[] = [];
  for (const row of rows) planned.push(await planRow(run, row, config, context));
  return { rows: toldApart(planned), ...(minutes && { minutes }), pictures };
}

/** Rows of one title carry their names in it: the table has nothing else to tell them by. */
function toldApart(rows: readonly PlannedRow[]): PlannedRow[] {
  return rows.map((one) => {
    const isAlone = rows.every((other) => other === one || other.title !== one.title);
    return isAlone ? one : { ...one, title: `${one.title} [${one.row.name}]` };
  });
}

async function planRow(
  run: string,
  row: ComparedRow,
  config: RunConfig,
  context: ActivityContext,
): Promise<PlannedRow> {
  const system = systemNamed(row.system);
  const parsed = system.settings.safeParse(row.settings);
  if (!parsed.success) {
    throw new DomainError(
      'ConfigInvalid',
      `The settings of the row "${row.name}" are not those of the system ${row.system}:\n${z.prettifyError(parsed.error)}`,
    );
  }
  const settings = parsed.data;
  const found: FoundModel = row.from ? await findModel(row.from, context) : { rewards: [] };
  const trainings = row.from ? [] : (system.train?.(settings, config) ?? []);
  const adapted = row.from ? undefined : system.adapt?.(settings, config);
  const plan: RowPlan = {
    name: row.name,
    system: row.system,
    trainings: trainings.map((training) => ({
      name: trainingName(row.name, training),
      labels: training.needs.target === 'labels',
      isSource: training.isSource ?? false,
    })),
    ...(adapted && { adaptation: { run: adaptationRun(run, row), config: withoutTest(adapted) } }),
    ...(found.model && { model: found.model }),
  };
  const files: Record<string, ArtefactRef> = {};
  for (const [name, key] of Object.entries(row.files)) files[name] = await requireKey(key, context);
  return { row, plan, ...described(system, settings, row.from), files, rewards: [...found.rewards] };
}

/** A table is not to say of a model that was brought how it was made. */
function described(system: AnySystem, settings: unknown, from: MadeBefore | undefined): SystemDescription {
  const description = system.describe(settings, from !== undefined);
  if (!from) return description;
  const origin =
    'run' in from
      ? `from the run ${from.run}`
      : 'model' in from
        ? `the champion of ${from.model}`
        : 'from a checkpoint';
  const summary = `${description.summary} Its model was not trained here but brought, ${origin}.`;
  return { ...description, summary };
}

/** The row's masks of the test videos are the comparison's to make and to score. */
function withoutTest(config: RunConfig): RunConfig {
  return { ...config, sweep: { ...config.sweep, scoreTest: false } };
}

/**
 * Rows of one system that differ by what is done at test time alone share their run.
 * @throws DomainError ConfigInvalid when the name would be refused, hours later
 */
function adaptationRun(run: string, { system, settings }: ComparedRow): string {
  const { changes } = settings as { changes?: unknown };
  const given = JSON.stringify(changes ?? {});
  const name = `${run}-${system}${given === '{}' ? '' : `-${hashText(given).toString(16).padStart(8, '0')}`}`;
  if (name.length <= LONGEST_NAME) return name;
  throw new DomainError(
    'ConfigInvalid',
    `The name of the comparison, ${run}, is ${name.length - LONGEST_NAME} characters too long: a row of the system ${system} is adapted by a run that is named ${name}, in at most ${LONGEST_NAME} characters. Choose a shorter --run-id.`,
  );
}

/** @throws DomainError ArtefactMissing */
export async function requireKey(key: string, context: ActivityContext): Promise<ArtefactRef> {
  const found = await findArtefact(context.store, key);
  if (found) return found;
  throw new DomainError(
    'ArtefactMissing',
    `${key} is not in the store. Check the key, or import the weights with \`echoloop import\`.`,
  );
}
