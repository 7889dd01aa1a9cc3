/** `echoloop watch`: follows a run to its end. */
import type { Command } from 'commander';
import { defineCommand } from '../command.ts';
import { openTerminal } from '../terminal.ts';

export function watchCommand(): Command {
  return defineCommand(
    'watch <run>',
    'Follow a run or a comparison: stage, iteration or row, work done, rate, time left, reward, metrics. Ends with it; Ctrl-C only stops looking.',
    'echoloop watch target-20260131-235959',
  ).action(watch);
}

async function watch(run: string, options: { json?: boolean }): Promise<void> {
  const terminal = openTerminal(options.json === true);
  const { withConnections } = await import('../../app/connections.ts');
  const { readRun } = await import('../../app/runs/adaptation-client.ts');
  const { followRun } = await import('../../app/runs/watch.ts');
  const { runDisplay } = await import('../run-display.ts');
  const { resultTable } = await import('../text/result-text.ts');
  await withConnections(async (connections) => {
    const { client } = connections;
    if ((await readRun(client, run)).kind === 'comparison') {
      const { showComparison } = await import('../show-comparison.ts');
      terminal.printJson(await showComparison(connections, run, terminal));
      return;
    }
    const result = await followRun(client, run, runDisplay(terminal));
    terminal.printJson(result);
    terminal.print(resultTable(result));
  });
}
