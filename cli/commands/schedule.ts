/** `echoloop schedule`: nightly re-adaptation by Temporal's own schedules. */
import type { Command } from 'commander';
import { type PresetName, presetNames } from '../../contracts/preset-names.ts';
import { defineCommand, defineGroup, nameOf, oneOf, wholeNumber } from '../command.ts';
import { openTerminal } from '../terminal.ts';
import { textTable } from '../text/text-table.ts';

interface CreateOptions {
  readonly model: string;
  readonly cron: string;
  readonly config?: string;
  readonly source?: string;
  readonly target?: string;
  readonly preset?: PresetName;
  readonly iterations?: number;
  readonly seed?: number;
  readonly json?: boolean;
}

export function scheduleCommand(): Command {
  const group = defineGroup(
    'schedule',
    'Adapt again every night, and replace the champion only when the result is no worse.',
    'echoloop schedule create --model a4c-hospital --config run.json\necholoop schedule list',
  );
  group.addCommand(createCommand());
  group.addCommand(defineCommand('list', 'List the schedules.', 'echoloop schedule list').action(list));
  group.addCommand(
    orderCommand('pause', 'Keep a schedule from starting runs; --off lets it start them again.'),
  );
  group.addCommand(orderCommand('trigger', 'Begin a night of a schedule now, unless one is at work.'));
  group.addCommand(orderCommand('delete', 'Remove a schedule; runs and models stay.'));
  return group;
}

function createCommand(): Command {
  return defineCommand(
    'create',
    'Adapt a model again at set times; a night that is still at work is not doubled.',
    'echoloop schedule create --model a4c-hospital --source annotated --target hospital --preset small --cron "0 2 * * *"',
  )
    .requiredOption('--model <name>', 'the model whose champion is adapted further', nameOf('model'))
    .option('--cron <times>', 'when, in cron notation, UTC', '0 2 * * *')
    .option('--config <file>', 'JSON file with any part of the run configuration; flags win over it')
    .option('--source <dataset>', 'annotated videos, a dataset in the store')
    .option('--target <dataset>', 'videos to adapt to, a dataset in the store')
    .option('--preset <name>', 'tiny, real, small or paper', oneOf(presetNames))
    .option('--iterations <n>', 'rounds of predict, label, fit rewards, fine-tune', wholeNumber(1))
    .option('--seed <n>', 'seed of every random choice', wholeNumber(0))
    .action(create);
}

async function create(options: CreateOptions): Promise<void> {
  const terminal = openTerminal(options.json === true);
  const { resolveRunConfig } = await import('../../app/run-config.ts');
  const { withConnections } = await import('../../app/connections.ts');
  const { createNightly } = await import('../../app/runs/schedules.ts');
  const { model, preset, source, target, iterations, seed } = options;
  const config = await resolveRunConfig(options.config, { preset, source, target, iterations, seed });
  const id = await withConnections((connections) =>
    createNightly(connections, { model, config }, options.cron),
  );
  terminal.printJson({ schedule: id, model, cron: options.cron });
  terminal.print(
    `${id} adapts ${model} at "${options.cron}" (UTC). Try it now: npx echoloop schedule trigger ${id}`,
  );
}

async function list(options: { json?: boolean }): Promise<void> {
  const terminal = openTerminal(options.json === true);
  const { withConnections } = await import('../../app/connections.ts');
  const { listSchedules, scheduleTrouble } = await import('../../app/runs/schedules.ts');
  const { stateInWords } = await import('../../app/runs/state-in-words.ts');
  const schedules = await withConnections(({ client }) => listSchedules(client));
  terminal.printJson({ schedules });
  terminal.print(
    schedules.length === 0
      ? 'There is no schedule yet. Make one: npx echoloop schedule create --help'
      : textTable(
          ['schedule', 'state', 'next night', 'last night', 'which', 'skipped', 'missed'],
          schedules.map(({ schedule, paused, next, last, skipped, missed }) => [
            schedule,
            paused ? 'paused' : 'on',
            next ?? '',
            last?.startedAt ?? '',
            last ? stateInWords(last.status) : '',
            String(skipped),
            String(missed),
          ]),
        ),
  );
  for (const schedule of schedules) {
    const trouble = scheduleTrouble(schedule);
    if (trouble !== undefined) terminal.print(trouble);
  }
}

function orderCommand(order: 'pause' | 'trigger' | 'delete', summary: string): Command {
  const command = defineCommand(
    `${order} <schedule>`,
    summary,
    `echoloop schedule ${order} nightly-a4c-hospital`,
  );
  if (order === 'pause') command.option('--off', 'end the pause');
  return command.action(async (schedule: string, options: { off?: boolean; json?: boolean }) => {
    const terminal = openTerminal(options.json === true);
    const { withConnections } = await import('../../app/connections.ts');
    const { orderSchedule } = await import('../../app/runs/schedules.ts');
    const sent = order === 'pause' && options.off ? 'unpause' : order;
    await withConnections(({ client }) => orderSchedule(client, schedule, sent));
    terminal.printJson({ schedule, order: sent });
    terminal.print(`${schedule}: ${confirmations[sent]}`);
  });
}

const confirmations = {
  pause: 'paused',
  unpause: 'on again',
  trigger: 'a night was begun; look: npx echoloop status',
  delete: 'removed',
} as const;
