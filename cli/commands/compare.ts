/** `echoloop compare`: systems on the same test videos, one table. */
import type { Command } from 'commander';
import { type PresetName, presetNames } from '../../contracts/preset-names.ts';
import { defineCommand, nameOf, oneOf, positiveNumber, wholeNumber } from '../command.ts';
import { openTerminal } from '../terminal.ts';

interface CompareOptions {
  readonly config?: string;
  readonly source?: string;
  readonly target?: string;
  readonly preset?: PresetName;
  readonly seed?: number;
  readonly systems?: readonly string[];
  readonly rows?: string;
  readonly minutes?: number;
  readonly pictures?: number;
  readonly runId?: string;
  readonly wait?: boolean;
  readonly out?: string;
  readonly json?: boolean;
}

export function compareCommand(): Command {
  return defineCommand(
    'compare',
    'Compare systems on the same test videos of a target: one table (Markdown, CSV, JSON, LaTeX, HTML) with intervals, tests and pictures. Prints the id of the comparison; the same command again goes on with it.',
    'echoloop compare --source lab --target hospital --preset tiny --systems unet3d rl4seg3d rl4seg3d-tto --wait --out comparison\n' +
      'echoloop compare --target hospital --systems folder=other/masks rl4seg3d=target-20260131-235959 inter-expert=a,b --run-id table --out table',
  )
    .option('--config <file>', 'JSON file with any part of the run configuration; flags win over it')
    .option('--source <dataset>', 'annotated videos: a dataset in the store, or a folder with manifest.csv')
    .option('--target <dataset>', 'videos to adapt to and to test on (its test split)')
    .option('--preset <name>', 'tiny, real, small or paper', oneOf(presetNames))
    .option('--seed <n>', 'seed of every random choice', wholeNumber(0))
    .option(
      '--systems <systems...>',
      'rows of the table: a system that is trained here, one with its model (=RUN, =model:NAME, =FILE), folder=DIR, inter-expert=DIR,DIR; after a name -tto adds test-time optimisation, -plain takes away what the configuration adds to sliding windows',
    )
    .option('--rows <file>', 'JSON file with rows and their settings (docs/comparison.md), beside --systems')
    .option(
      '--minutes <n>',
      'wall time of training for every system: a half on the source, a half of adaptation; steps of the configuration when left out',
      positiveNumber,
    )
    .option('--pictures <n>', 'test videos that are drawn under every system', wholeNumber(0))
    .option(
      '--run-id <name>',
      'name of the comparison; made from the target and the time when left out',
      nameOf('run'),
    )
    .option('--wait', 'follow the comparison to its end and print the table')
    .option('--out <dir>', 'folder for the table and the pictures; implies --wait')
    .action(compareSystems);
}

async function compareSystems(options: CompareOptions): Promise<void> {
  const terminal = openTerminal(options.json === true);
  const { resolveRunConfig } = await import('../../app/run-config.ts');
  const { rowsOfFile, rowsOfSpecs } = await import('../../app/comparison/row-specs.ts');
  const { learnsFromSource } = await import('../../app/comparison/check-rows.ts');
  const { preset, target, seed, minutes, pictures, runId } = options;
  const rows = [
    ...rowsOfSpecs(options.systems ?? []),
    ...(options.rows === undefined ? [] : await rowsOfFile(options.rows)),
  ];
  // Models and masks that are there already need no source, and the configuration names one.
  const needsNone = options.config === undefined && !rows.some(learnsFromSource);
  const source = options.source ?? (needsNone ? target : undefined);
  const config = await resolveRunConfig(options.config, { preset, source, target, seed });
  const { withConnections } = await import('../../app/connections.ts');
  const { compare, fetchComparison } = await import('../../app/comparison/compare.ts');
  const { untilPlanned } = await import('../../app/comparison/comparison-client.ts');
  await withConnections(async (connections) => {
    const budget = minutes === undefined ? undefined : { source: minutes / 2, adaptation: minutes / 2 };
    const request = { config, rows, run: runId, minutes: budget, pictures };
    const run = await compare(connections, request, (text) => terminal.note(text));
    if (!options.wait && options.out === undefined) {
      await untilPlanned(connections.client, run);
      terminal.print(run);
      terminal.printJson({ run });
      terminal.note(`The same command with --run-id ${run} --out DIR follows it and writes the table.`);
      return;
    }
    const { showComparison } = await import('../show-comparison.ts');
    const result = await showComparison(connections, run, terminal);
    const files =
      options.out === undefined ? [] : await fetchComparison(connections.store, result, options.out);
    terminal.printJson({ ...result, ...(options.out !== undefined && { out: files }) });
  });
}
