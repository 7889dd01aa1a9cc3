/** `echoloop pause`: one order to a run. */
import type { Command } from 'commander';
import { defineCommand } from '../command.ts';
import { sendOrder } from '../send-order.ts';

export function pauseCommand(): Command {
  return defineCommand(
    'pause <run>',
    'Pause a run: what is under way is interrupted at its last checkpoint, until `resume`.',
    'echoloop pause target-20260131-235959',
  ).action((run: string, options: { json?: boolean }) =>
    sendOrder(
      'pause',
      run,
      `The run ${run} is paused; go on with: npx echoloop resume ${run}`,
      options.json === true,
    ),
  );
}
