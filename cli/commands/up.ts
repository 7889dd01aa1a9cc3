/** `echoloop up`: the embedded services and workers in the background. */
import type { Command } from 'commander';
import { defineCommand } from '../command.ts';
import { openTerminal } from '../terminal.ts';
import { textTable } from '../text/text-table.ts';

export function upCommand(): Command {
  return defineCommand(
    'up',
    'Start Temporal, an object store and workers of each role in the background; data are kept under .echoloop/.',
    'echoloop up',
  ).action(up);
}

async function up(options: { json?: boolean }): Promise<void> {
  const terminal = openTerminal(options.json === true);
  const { deploymentFrom } = await import('../../runtime/deployment.ts');
  const { startDetached } = await import('../../runtime/detach.ts');
  const { started, record } = await startDetached(deploymentFrom(process.env));
  terminal.printJson({ started, services: record.services, environment: record.environment });
  terminal.print(started ? 'Everything is up.' : 'Everything is up already.');
  terminal.print(
    textTable(
      ['process', 'address'],
      record.services.map(({ name, address }) => [name, address ?? '']),
    ),
  );
  terminal.print('Stop it with: npx echoloop down');
}
