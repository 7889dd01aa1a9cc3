/** `echoloop status`: all runs, or one in detail. */
import type { Command } from 'commander';
import { defineCommand } from '../command.ts';
import { openTerminal } from '../terminal.ts';
import { textTable } from '../text/text-table.ts';

const runsShown = 20;

export function statusCommand(): Command {
  return defineCommand(
    'status [run]',
    'List the latest runs and comparisons, or show how far one is.',
    'echoloop status\necholoop status target-20260131-235959 --json',
  ).action(status);
}

async function status(run: string | undefined, options: { json?: boolean }): Promise<void> {
  const terminal = openTerminal(options.json === true);
  const { withConnections } = await import('../../app/connections.ts');
  const { listRuns, readRun } = await import('../../app/runs/adaptation-client.ts');
  const { listSchedules, scheduleTrouble } = await import('../../app/runs/schedules.ts');
  const { stateInWords } = await import('../../app/runs/state-in-words.ts');
  const { progressLines } = await import('../text/progress-text.ts');
  await withConnections(async ({ client }) => {
    if (run !== undefined) {
      const state = await readRun(client, run);
      terminal.printJson(state);
      terminal.print(progressLines(state, undefined).join('\n'));
      return;
    }
    const runs = await listRuns(client, runsShown);
    const schedules = await listSchedules(client);
    terminal.printJson({ runs, schedules });
    if (runs.length === 0) terminal.print('There is no run yet. Start one: npx echoloop adapt --help');
    else {
      terminal.print(
        textTable(
          ['run', 'kind', 'state', 'started', 'ended'],
          runs.map((found) => [
            found.run,
            found.kind,
            stateInWords(found.status),
            shortTime(found.startedAt),
            found.closedAt ? shortTime(found.closedAt) : '',
          ]),
        ),
      );
    }
    for (const schedule of schedules) {
      const trouble = scheduleTrouble(schedule);
      if (trouble !== undefined) terminal.print(trouble);
    }
  });
}

function shortTime(iso: string): string {
  return iso.slice(0, 16).replace('T', ' ');
}
