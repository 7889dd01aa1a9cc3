/** `echoloop cancel`: ends a run at once. */
import type { Command } from 'commander';
import { defineCommand } from '../command.ts';
import { sendOrder } from '../send-order.ts';

export function cancelCommand(): Command {
  return defineCommand(
    'cancel <run>',
    'End a run at once, without a result. What it stored stays; `stop` ends it with a result.',
    'echoloop cancel target-20260131-235959',
  ).action((run: string, options: { json?: boolean }) =>
    sendOrder('cancel', run, `The run ${run} was told to end.`, options.json === true),
  );
}
