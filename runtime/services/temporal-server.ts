/**
 * The embedded Temporal server: Temporal's own development server with its data in one SQLite file, and its web page.
 */
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { WorkflowService } from '@temporalio/client';
import { msToTs } from '@temporalio/common/lib/time.js';
import { clientLimits, serviceLimits } from '../../temporal.config.ts';
import { type LiveWorker, liveWorkers } from '../live-workers.ts';
import type { ProcessSpec } from '../supervisor.ts';
import { type TemporalAccess, temporalConnection } from '../temporal-connection.ts';
import { HOST } from './ports.ts';

export const TEMPORAL_PORT = 7233;
export const TEMPORAL_UI_PORT = 8233;

/**
 * Has the server let tasks go first by their priority, and those of the same priority by turns of runs; with server
 * 1.29 both have to be asked for. What waits in a queue is not taken over when fairness is turned on, so a database
 * from before goes on without.
 */
export const fairQueues = [
  'matching.useNewMatcher=true',
  'matching.enableFairness=true',
  // Each partition of a queue keeps its own order; one is enough for thousands of tasks a second.
  'matching.numTaskqueueReadPartitions=1',
  'matching.numTaskqueueWritePartitions=1',
].map((setting) => `--dynamic-config-value=${setting}`);

export interface TemporalServerOptions {
  readonly binary: string;
  readonly home: string;
  readonly port: number;
  readonly uiPort: number;
}

/** How to run the server; its database is made when absent. */
export async function temporalServer({
  binary,
  home,
  port,
  uiPort,
}: TemporalServerOptions): Promise<ProcessSpec> {
  const folder = join(home, 'temporal');
  await mkdir(folder, { recursive: true });
  const database = join(folder, 'temporal.db');
  const fair = join(folder, 'queues-are-fair');
  if (!existsSync(database)) await writeFile(fair, '');
  return {
    name: 'temporal',
    command: binary,
    args: [
      'server',
      'start-dev',
      `--db-filename=${database}`,
      `--ip=${HOST}`,
      `--port=${port}`,
      `--ui-port=${uiPort}`,
      '--log-level=error',
      ...(existsSync(fair) ? fairQueues : []),
    ],
    environment: {},
    address: `${HOST}:${port}`,
    isHealthy: () => answersAsTemporal({ address: `${HOST}:${port}` }),
    startTimeoutMs: serviceLimits.temporalStartMs,
  };
}

export interface TemporalAddress extends TemporalAccess {
  readonly address: string;
  readonly namespace?: string | undefined;
}

/**
 * Asks the server which version it is and whether it has the namespace.
 * @throws Error when it cannot be reached or refuses.
 */
export function askTemporal(server: TemporalAddress): Promise<string> {
  return withService(server, async (service) => {
    await service.describeNamespace({ namespace: server.namespace ?? 'default' });
    return (await service.getSystemInfo({})).serverVersion;
  });
}

/** The workers that ask the server for work. @throws Error when it cannot be reached or refuses. */
export function askForWorkers(server: TemporalAddress): Promise<LiveWorker[]> {
  return withService(server, (service) => liveWorkers(service, server.namespace ?? 'default'));
}

/** Has the embedded server remember ended runs for months; by itself it forgets them after a day. */
export function keepEndedRuns(server: TemporalAddress): Promise<void> {
  return withService(server, async (service) => {
    const workflowExecutionRetentionTtl = msToTs(serviceLimits.endedRunsKeptMs);
    await service.updateNamespace({ namespace: 'default', config: { workflowExecutionRetentionTtl } });
  });
}

async function withService<Result>(
  access: TemporalAddress,
  work: (service: WorkflowService) => Promise<Result>,
): Promise<Result> {
  const { Connection } = await import('@temporalio/client');
  const connection = await Connection.connect({
    ...temporalConnection(access),
    connectTimeout: clientLimits.connectMs,
  });
  try {
    return await connection.withDeadline(Date.now() + clientLimits.answerMs, () =>
      work(connection.workflowService),
    );
  } finally {
    await connection.close();
  }
}

async function answersAsTemporal(address: TemporalAddress): Promise<boolean> {
  try {
    await askTemporal(address);
    return true;
  } catch {
    return false;
  }
}
