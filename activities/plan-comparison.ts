/**
 * Freezes a comparison: its configuration, the videos that it trains and tests on, and of every row what its system is
 * and needs. It runs where tensors are, because systems do.
 */
import { systemNamed } from '../comparison/registry.ts';
import type { ComparedRow, ComparisonPlan, RowPlan } from '../contracts/comparison.ts';
import type { PlanComparisonInput } from '../contracts/comparison-activities.ts';
import { PlanSchema } from '../contracts/documents.ts';
import type { RunConfig } from '../contracts/run-config.ts';
import { parseManifest } from '../datasets/manifest.ts';
import { makeComparisonPlan } from '../decisions/comparison-plan.ts';
import { sizeOf } from '../decisions/plan.ts';
import type { ArtefactRef } from '../ground/artefact-ref.ts';
import { DomainError } from '../ground/errors.ts';
import { findArtefact } from '../storage/artefacts.ts';
import { comparisonKeys } from '../storage/comparison-keys.ts';
import { runKeys } from '../storage/keys.ts';
import { freezeManifest } from '../storage/manifests.ts';
import { findJson, writeJson } from './artefacts/json-artefact.ts';
import { type FoundModel, findModel } from './comparison/models-made-before.ts';
import { type PlannedRow, type Rows, RowsSchema, trainingName } from './comparison/rows.ts';
import type { ActivityContext } from './context.ts';

/**
 * @throws DomainError ConfigInvalid for a system that is not known or settings that are not its own, DatasetInvalid
 * when a split that is needed is empty, ChecksumMismatch when the name is taken by another comparison.
 */
export async function planComparison(
  { run, config }: PlanComparisonInput,
  context: ActivityContext,
): Promise<ComparisonPlan> {
  const configRef = await writeJson(context, runKeys.config(run), config.run, []);
  const present = await findJson(context, comparisonKeys.rows(run), RowsSchema);
  const rows = present?.value ?? (await planRows(run, config, context));
  const rowsRef =
    present?.reference ?? (await writeJson(context, comparisonKeys.rows(run), rows, [configRef]));
  const initialPolicy = config.run.initialPolicy && (await requireKey(config.run.initialPolicy, context));
  const learns = rows.rows.some(({ plan }) => plan.trainings.length > 0 || plan.adaptation !== undefined);
  const planned =
    (await findJson(context, runKeys.plan(run), PlanSchema)) ??
    (await freezePlan(run, { config: config.run, configRef, learns }, context));
  const { value: plan, reference: planRef } = planned;
  return {
    config: configRef,
    plan: planRef,
    rows: rowsRef,
    rowPlans: rows.rows.map((row) => row.plan),
    target: sizeOf(plan.sweeps[0] ?? []),
    test: sizeOf(plan.test),
    ...(initialPolicy && { initialPolicy }),
  };
}

async function freezePlan(
  run: string,
  { config, configRef, learns }: { config: RunConfig; configRef: ArtefactRef; learns: boolean },
  context: ActivityContext,
) {
  const target = await requireManifest(config.target, context);
  // Only what learns needs the source.
  const source = learns ? await requireManifest(config.source, context) : undefined;
  const value = makeComparisonPlan(config, { source: source?.rows ?? [], target: target.rows }, learns);
  const inputs = [configRef, target.reference, ...(source ? [source.reference] : [])];
  return { value, reference: await writeJson(context, runKeys.plan(run), value, inputs) };
}

async function requireManifest(dataset: string, context: ActivityContext) {
  const manifest = await freezeManifest(context.store, dataset, context.codeVersion);
  if (manifest) return { rows: parseManifest(manifest.text), reference: manifest.reference };
  throw new DomainError(
    'DatasetInvalid',
    `There is no dataset "${dataset}": the store has no manifest of it. Make it with \`echoloop ingest PATH --dataset ${dataset}\`.`,
  );
}

async function planRows(
  run: string,
  { run: config, rows, minutes, pictures }: PlanComparisonInput['config'],
  context: ActivityContext,
): Promise<Rows> {
  const planned: PlannedRow[] = [];
  for (const row of rows) planned.push(await planRow(run, row, config, context));
  return { rows: planned, ...(minutes && { minutes }), pictures };
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
      `The settings of the row "${row.name}" are not those of the system ${row.system}: ${parsed.error.message}`,
    );
  }
  const settings = parsed.data;
  const found: FoundModel = row.from ? await findModel(row.from, context) : { rewards: [] };
  const trainings = row.from ? [] : (system.train?.(settings, config) ?? []);
  const adapted = row.from ? undefined : system.adapt?.(settings, config);
  const plan: RowPlan = {
    name: row.name,
    system: row.system,
    trainings: trainings.map(({ name, needs, isSource = false }) => ({
      name: trainingName(row.name, { name, isSource }),
      labels: needs.target === 'labels',
      isSource,
    })),
    ...(adapted && { adaptation: { run: adaptationRun(run, row), config: adapted } }),
    ...(found.model && { model: found.model }),
  };
  const files: Record<string, ArtefactRef> = {};
  for (const [name, key] of Object.entries(row.files)) files[name] = await requireKey(key, context);
  return { row, plan, ...system.describe(settings), files, rewards: [...found.rewards] };
}

/** Rows of one system that differ by what is done at test time alone share their run. */
function adaptationRun(run: string, { system, settings }: ComparedRow): string {
  const { changes } = settings as { changes?: unknown };
  const given = JSON.stringify(changes ?? {});
  return `${run}-${system}${given === '{}' ? '' : `-${shortName(given)}`}`;
}

/** The same short name for the same text. */
function shortName(text: string): string {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return (hash >>> 0).toString(16).padStart(8, '0');
}

async function requireKey(key: string, context: ActivityContext): Promise<ArtefactRef> {
  const found = await findArtefact(context.store, key);
  if (found) return found;
  throw new DomainError(
    'ArtefactMissing',
    `${key} is not in the store. Check the key, or import the weights with \`echoloop import\`.`,
  );
}
