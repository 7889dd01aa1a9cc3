/** `echoloop adapt`: starts the adaptation workflow, and follows it with --wait. */
import type { Command } from 'commander';
import { type PresetName, presetNames } from '../../contracts/preset-names.ts';
import { defineCommand, nameOf, oneOf, wholeNumber } from '../command.ts';
import { openTerminal } from '../terminal.ts';

interface AdaptOptions {
  readonly config?: string;
  readonly source?: string;
  readonly target?: string;
  readonly preset?: PresetName;
  readonly iterations?: number;
  readonly seed?: number;
  readonly runId?: string;
  readonly model?: string;
  readonly wait?: boolean;
  readonly json?: boolean;
}

export function adaptCommand(): Command {
  return defineCommand(
    'adapt',
    'Adapt a segmentation model to unlabelled target videos. Prints the id of the run.',
    'echoloop adapt --source data/annotated --target data/hospital --preset tiny --iterations 2 --wait\necholoop adapt --config run.json --model a4c-hospital',
  )
    .option('--config <file>', 'JSON file with any part of the run configuration; flags win over it')
    .option('--source <dataset>', 'annotated videos: a dataset in the store, or a folder with manifest.csv')
    .option('--target <dataset>', 'videos to adapt to: a dataset in the store, or a folder with manifest.csv')
    .option(
      '--preset <name>',
      'tiny (minutes, for phantoms), real (an hour or two), small (hours on a GPU) or paper',
      oneOf(presetNames),
    )
    .option('--iterations <n>', 'rounds of predict, label, fit rewards, fine-tune', wholeNumber(1))
    .option('--seed <n>', 'seed of every random choice', wholeNumber(0))
    .option(
      '--run-id <name>',
      'name of the run; made from the target and the time when left out',
      nameOf('run'),
    )
    .option(
      '--model <name>',
      'make the best policy champion of this model when it passes the gate',
      nameOf('model'),
    )
    .option('--wait', 'follow the run to its end')
    .action(startRun);
}

async function startRun(options: AdaptOptions): Promise<void> {
  const terminal = openTerminal(options.json === true);
  const { resolveRunConfig } = await import('../../app/run-config.ts');
  const { source, target, preset, iterations, seed } = options;
  const config = await resolveRunConfig(options.config, { preset, source, target, iterations, seed });
  const { withConnections } = await import('../../app/connections.ts');
  const { adapt } = await import('../../app/runs/adapt.ts');
  await withConnections(async (connections) => {
    const { runId, model } = options;
    const run = await adapt(connections, { config, run: runId, model }, (text) => terminal.note(text));
    if (!options.wait) {
      terminal.print(run);
      terminal.printJson({ run });
      terminal.note(`Follow it: npx echoloop watch ${run}`);
      return;
    }
    terminal.note(`run ${run} started`);
    const { followRun } = await import('../../app/runs/watch.ts');
    const { runDisplay } = await import('../run-display.ts');
    const { resultTable } = await import('../text/result-text.ts');
    const result = await followRun(connections.client, run, runDisplay(terminal));
    terminal.printJson(result);
    terminal.print(resultTable(result));
  });
}
