/** `echoloop stop`: one order to a run. */
import type { Command } from 'commander';
import { defineCommand } from '../command.ts';
import { sendOrder } from '../send-order.ts';

export function stopCommand(): Command {
  return defineCommand(
    'stop <run>',
    'End a run early with the best policy that it has so far.',
    'echoloop stop target-20260131-235959',
  ).action((run: string, options: { json?: boolean }) =>
    sendOrder(
      'stop',
      run,
      `The run ${run} is ending with the best policy so far; follow it: npx echoloop watch ${run}`,
      options.json === true,
    ),
  );
}
