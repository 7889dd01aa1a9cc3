/** `echoloop worker`: one worker process, for deployments that bring their own Temporal and store. */
import type { Command } from 'commander';
import { defineCommand, oneOf } from '../command.ts';
import { openTerminal } from '../terminal.ts';

export function workerCommand(): Command {
  return defineCommand(
    'worker',
    'Run one worker until it is told to end (SIGTERM, SIGINT); it drains first.',
    'TEMPORAL_ADDRESS=temporal:7233 AWS_ENDPOINT_URL_S3=http://store:7070 echoloop worker --role compute',
  )
    .requiredOption(
      '--role <role>',
      'control (workflows), io (storage, decoding, metrics) or compute (tensors, one per device)',
      oneOf(['control', 'io', 'compute'] as const),
    )
    .action(worker);
}

async function worker(options: { role: 'control' | 'io' | 'compute'; json?: boolean }): Promise<void> {
  const terminal = openTerminal(options.json === true);
  // The clients of commands are not loaded: every run waits for a control worker that starts.
  const { connectedDeployment } = await import('../../runtime/connected-deployment.ts');
  const { runWorker } = await import('../../workers/run.ts');
  await runWorker(options.role, await connectedDeployment(process.env), {
    onReady: () => terminal.note(`${options.role} worker is ready`),
  });
  terminal.printJson({ role: options.role, drained: true });
}
