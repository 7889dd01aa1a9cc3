/** `echoloop down`: ends what `echoloop up` started. */
import type { Command } from 'commander';
import { defineCommand } from '../command.ts';
import { openTerminal } from '../terminal.ts';

export function downCommand(): Command {
  return defineCommand(
    'down',
    'Stop the embedded services and workers; data, runs and models are kept, and runs go on at the next `up`.',
    'echoloop down',
  ).action(down);
}

async function down(options: { json?: boolean }): Promise<void> {
  const terminal = openTerminal(options.json === true);
  const { deploymentFrom } = await import('../../runtime/deployment.ts');
  const { stopDetached } = await import('../../runtime/detach.ts');
  const { stopped } = await stopDetached(deploymentFrom(process.env).home);
  terminal.printJson({ stopped });
  terminal.print(
    stopped.length === 0 ? 'Nothing was running.' : `Stopped: ${stopped.join(', ')}. Data are kept.`,
  );
}
