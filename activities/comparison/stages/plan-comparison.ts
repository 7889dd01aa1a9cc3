/**
 * Freezes a comparison: its configuration, the videos that it trains and tests on, and of every row what its system is
 * and needs. It runs where tensors are, because systems do.
 */
import { isDeepStrictEqual } from 'node:util';
import type { ComparisonConfig, ComparisonPlan } from '../../../contracts/comparison.ts';
import type { PlanComparisonInput } from '../../../contracts/comparison-activities.ts';
import { PlanSchema } from '../../../contracts/documents.ts';
import { type RunConfig, RunConfigSchema } from '../../../contracts/run-config.ts';
import { parseManifest } from '../../../datasets/manifest.ts';
import { makeComparisonPlan } from '../../../decisions/comparison-plan.ts';
import { sizeOf } from '../../../decisions/plan.ts';
import type { ArtefactRef } from '../../../ground/artefact-ref.ts';
import { DomainError } from '../../../ground/errors.ts';
import { comparisonKeys } from '../../../storage/comparison-keys.ts';
import { runKeys } from '../../../storage/keys.ts';
import { freezeManifest } from '../../../storage/manifests.ts';
import { findJson, writeFirstJson } from '../../artefacts/json-artefact.ts';
import { freezeConfig } from '../../artefacts/run-facts.ts';
import type { ActivityContext } from '../../context.ts';
import { planRows, requireKey } from '../planned-rows.ts';
import { type Rows, RowsSchema } from '../rows.ts';

/**
 * @throws DomainError ConfigInvalid for a system that is not known or settings that are not its own, DatasetInvalid
 * when a split that is needed is empty, ConfigInvalid or ChecksumMismatch when the name is taken by another comparison.
 */
export async function planComparison(
  { run, config: given }: PlanComparisonInput,
  context: ActivityContext,
): Promise<ComparisonPlan> {
  // As it was given, so that a comparison that is begun again finds its own.
  const configRef = await freezeConfig(run, given.run, context);
  // One that an older version began knows nothing of later fields.
  const config = { ...given, run: RunConfigSchema.parse(given.run) };
  const present = await findJson(context, comparisonKeys.rows(run), RowsSchema);
  if (present) refuseOthers(run, present.value, config);
  const rowsDocument = { key: comparisonKeys.rows(run), schema: RowsSchema };
  const { value: rows, reference: rowsRef } =
    present ??
    (await writeFirstJson(context, rowsDocument, await planRows(run, config, context), [configRef]));
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

/** What was frozen decides; whoever asks for something else would get a table of what they did not ask for. */
function refuseOthers(run: string, { rows, minutes, pictures }: Rows, asked: ComparisonConfig): void {
  const before = { rows: rows.map(({ row }) => row), minutes, pictures };
  const now = { rows: asked.rows, minutes: asked.minutes, pictures: asked.pictures };
  const other = (['rows', 'minutes', 'pictures'] as const).filter(
    (part) => !isDeepStrictEqual(before[part], now[part]),
  );
  if (other.length === 0) return;
  throw new DomainError(
    'ConfigInvalid',
    `The comparison ${run} was begun with other ${other.join(' and ')} (rows ${before.rows.map(({ name }) => name).join(', ')}). Ask for the same ones to go on with it, or give another --run-id.`,
  );
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
  return writeFirstJson(context, { key: runKeys.plan(run), schema: PlanSchema }, value, inputs);
}

async function requireManifest(dataset: string, context: ActivityContext) {
  const manifest = await freezeManifest(context.store, dataset, context.codeVersion);
  if (manifest) return { rows: parseManifest(manifest.text), reference: manifest.reference };
  throw new DomainError(
    'DatasetInvalid',
    `There is no dataset "${dataset}": the store has no manifest of it. Make it with \`echoloop ingest PATH --dataset ${dataset}\`.`,
  );
}
