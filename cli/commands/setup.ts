/** `echoloop setup`: native TensorFlow and the servers of the embedded services, got once for a machine. */
import type { Command } from 'commander';
import { defineCommand } from '../command.ts';
import { openTerminal } from '../terminal.ts';

interface SetupOptions {
  readonly tensors?: boolean;
  readonly cuda?: boolean;
  readonly json?: boolean;
}

export function setupCommand(): Command {
  return defineCommand(
    'setup',
    'Get what this machine lacks: native TensorFlow, and servers for Temporal and S3 where the environment names none.',
    'echoloop setup\necholoop setup --cuda',
  )
    .option('--tensors', 'native TensorFlow alone, as a compute worker needs it')
    .option(
      '--cuda',
      'as --tensors, with the CUDA libraries also where no NVIDIA driver is loaded, as when an image is built',
    )
    .action(setup);
}

async function setup(options: SetupOptions): Promise<void> {
  const terminal = openTerminal(options.json === true);
  const { getMissing, getTensors } = await import('../../runtime/get-missing.ts');
  const { deploymentFrom } = await import('../../runtime/deployment.ts');
  const alone = options.tensors === true || options.cuda === true;
  const found = alone
    ? { tensors: await getTensors({ cuda: options.cuda === true }) }
    : await getMissing(deploymentFrom(process.env));
  terminal.printJson(found);
  terminal.print(found.tensors.why);
}
