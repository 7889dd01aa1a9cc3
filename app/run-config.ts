/**
 * The configuration of a run from its sources, weakest first: defaults of the schema, the preset, the file, the flags.
 * Unknown keys are errors that name the key that was probably meant.
 */
import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { modernised } from '../contracts/older-run-config.ts';
import { presets } from '../contracts/presets.ts';
import { type RunConfig, RunConfigSchema } from '../contracts/run-config.ts';
import { DomainError } from '../ground/errors.ts';
import { mergeOver } from '../ground/merge-over.ts';
import { didYouMean } from './did-you-mean.ts';

type Json = Record<string, unknown>;

/**
 * @param file path of a JSON file with any part of RunConfigSchema.
 * @param flags top-level fields; undefined ones were not given.
 * @throws DomainError ConfigInvalid naming every wrong field, what was expected and what was found.
 */
export async function resolveRunConfig(file: string | undefined, flags: Json): Promise<RunConfig> {
  // Before the preset comes in: what an older file says stands over it.
  const fromFile = modernised(file === undefined ? {} : await readConfigFile(file));
  const given = mergeOver(fromFile, withoutUndefined(flags));
  const name = given.preset ?? 'paper';
  const preset = Object.entries(presets).find(([known]) => known === name)?.[1];
  if (!preset) {
    throw new DomainError(
      'ConfigInvalid',
      `${file ?? '--preset'}: there is no preset "${String(name)}". Expected ${Object.keys(presets).join(', ')}.` +
        didYouMean(String(name), Object.keys(presets)),
    );
  }
  const parsed = RunConfigSchema.safeParse(mergeOver(preset, given));
  if (parsed.success) return parsed.data;
  const lines = parsed.error.issues.map(describeIssue);
  throw new DomainError(
    'ConfigInvalid',
    `The configuration${file === undefined ? '' : ` of ${file}`} is not valid:\n${lines.join('\n')}`,
  );
}

async function readConfigFile(file: string): Promise<Json> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    throw new DomainError(
      'ConfigInvalid',
      `${file}: the configuration file cannot be read (${(error as NodeJS.ErrnoException).code}). Check --config.`,
    );
  }
  try {
    return z.record(z.string(), z.unknown()).parse(JSON.parse(text));
  } catch (error) {
    throw new DomainError(
      'ConfigInvalid',
      `${file}: expected one JSON object with fields of the run configuration, found ${error instanceof SyntaxError ? error.message : 'another JSON value'}.`,
    );
  }
}

function withoutUndefined(fields: Json): Json {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}

function describeIssue(issue: z.core.$ZodIssue): string {
  const where = issue.path.join('.') || '(top level)';
  if (issue.code === 'unrecognized_keys') {
    const known = knownKeys(issue.path);
    return issue.keys
      .map((key) => `  ${where}: there is no field "${key}".${didYouMean(key, known)}`)
      .join('\n');
  }
  if (
    issue.path.length === 1 &&
    (where === 'source' || where === 'target') &&
    issue.code === 'invalid_type'
  ) {
    return `  ${where}: missing. Name a dataset: --${where} DATASET, or "${where}" in the file given by --config.`;
  }
  return `  ${where}: ${issue.message}`;
}

interface ObjectSchema {
  readonly properties?: Readonly<Record<string, ObjectSchema>>;
}

/** Names of the fields that the schema has at a path. */
function knownKeys(path: readonly PropertyKey[]): string[] {
  let schema = z.toJSONSchema(RunConfigSchema, { io: 'input' }) as ObjectSchema | undefined;
  for (const step of path) schema = schema?.properties?.[String(step)];
  return Object.keys(schema?.properties ?? {});
}
