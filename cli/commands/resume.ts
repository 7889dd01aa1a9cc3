/** `echoloop resume`: a paused run goes on, a failed or cancelled one begins again from what is complete. */
import type { Command } from 'commander';
import { defineCommand } from '../command.ts';
import { openTerminal } from '../terminal.ts';

export function resumeCommand(): Command {
  return defineCommand(
    'resume <run>',
    'Let a paused run go on, or begin a failed or cancelled one again, under its id and from what is complete.',
    'echoloop resume target-20260131-235959',
  ).action(resume);
}

async function resume(run: string, options: { json?: boolean }): Promise<void> {
  const terminal = openTerminal(options.json === true);
  const { withConnections } = await import('../../app/connections.ts');
  const { resumeRun } = await import('../../app/runs/run-orders.ts');
  await withConnections(async ({ client }) => {
    const outcome = await resumeRun(client, run);
    terminal.printJson({ run, order: 'resume', outcome });
    const how = outcome === 'resumed' ? 'goes on' : 'begins again from what is complete';
    terminal.print(`The run ${run} ${how}; follow it: npx echoloop watch ${run}`);
  });
}
