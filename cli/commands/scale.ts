/** `echoloop scale`: how many shards a run has in flight at once. */
import { type Command, InvalidArgumentError } from 'commander';
import { counted } from '../../ground/counted.ts';
import { defineCommand } from '../command.ts';
import { openTerminal } from '../terminal.ts';

const mostShards = 1000;

export function scaleCommand(): Command {
  return defineCommand(
    'scale <run>',
    'Change how many shards of videos a run has in flight at once: a number, or as many as the compute workers need.',
    'echoloop scale target-20260131-235959 16\necholoop scale target-20260131-235959 auto',
  )
    .argument('<shards>', `1 to ${mostShards}, or auto`, shardsOrAuto)
    .action(scale);
}

function shardsOrAuto(text: string): number | 'auto' {
  const shards = Number(text);
  if (text === 'auto' || (/^\d+$/.test(text) && shards >= 1 && shards <= mostShards))
    return text === 'auto' ? text : shards;
  throw new InvalidArgumentError(`Expected a whole number from 1 to ${mostShards} or auto, found "${text}".`);
}

async function scale(run: string, shards: number | 'auto', options: { json?: boolean }): Promise<void> {
  const terminal = openTerminal(options.json === true);
  const { withConnections } = await import('../../app/connections.ts');
  const { scaleRun } = await import('../../app/runs/run-orders.ts');
  await withConnections(({ client }) => scaleRun(client, run, shards));
  terminal.printJson({ run, order: 'scale', shards });
  const words =
    shards === 'auto'
      ? 'as many shards in flight as the compute workers need'
      : `${counted(shards, 'shard')} in flight`;
  terminal.print(`The run ${run} has ${words} from now on.`);
}
