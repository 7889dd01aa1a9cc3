/** `echoloop resume`: one order to a run. */
import type { Command } from 'commander';
import { defineCommand } from '../command.ts';
import { sendOrder } from '../send-order.ts';

export function resumeCommand(): Command {
  return defineCommand(
    'resume <run>',
    'Let a paused run go on from where it was.',
    'echoloop resume target-20260131-235959',
  ).action((run: string, options: { json?: boolean }) =>
    sendOrder(
      'resume',
      run,
      `The run ${run} goes on; follow it: npx echoloop watch ${run}`,
      options.json === true,
    ),
  );
}
