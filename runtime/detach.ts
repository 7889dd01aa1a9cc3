/** Starts and ends the background process of `echoloop up` and `echoloop down`. */
import { spawn } from 'node:child_process';
import { closeSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { DomainError } from '../ground/errors.ts';
import { serviceLimits } from '../temporal.config.ts';
import { type Deployment, environmentOf } from './deployment.ts';
import { getMissing } from './get-missing.ts';
import { moduleCommand, projectRoot } from './installation.ts';
import { lastLines, openLog } from './log-file.ts';
import { isAlive } from './process-identity.ts';
import { endLeftovers, liveRecord, type ServiceRecord } from './service-record.ts';

export interface UpResult {
  /** False when it ran already. */
  readonly started: boolean;
  readonly record: ServiceRecord;
}

/**
 * Gets what is missing in the foreground, starts the background process and waits until everything is up.
 * @throws DomainError BackendMissing, OrchestratorUnavailable with the end of its log
 */
export async function startDetached(deployment: Deployment): Promise<UpResult> {
  const home = resolve(deployment.home);
  const live = await liveRecord(home);
  if (live?.state === 'ready') return { started: false, record: live };

  await getMissing(deployment);

  const logPath = join(home, 'logs', 'supervisor.log');
  const log = openLog(logPath);
  const { command, args } = moduleCommand('runtime/supervisor-main');
  const child = spawn(command, args, {
    cwd: projectRoot,
    detached: true,
    stdio: ['ignore', log, log],
    env: { ...process.env, ...environmentOf({ ...deployment, home }, true) },
  });
  closeSync(log);
  let ended = false;
  child.on('error', () => {
    ended = true;
  });
  child.on('exit', () => {
    ended = true;
  });
  const deadline = Date.now() + serviceLimits.upMs;
  for (;;) {
    const record = await liveRecord(home);
    if (record?.state === 'ready') {
      child.unref();
      return { started: true, record };
    }
    if (ended || Date.now() > deadline) {
      if (!ended) child.kill('SIGTERM');
      throw new DomainError(
        'OrchestratorUnavailable',
        `The services did not come up${ended ? '' : ` within ${serviceLimits.upMs / 1000} s`}. The end of ${logPath}:\n${lastLines(logPath, 8)}`,
      );
    }
    await sleep(100);
  }
}

export interface DownResult {
  /** Names of the processes that were ended; empty when nothing ran. */
  readonly stopped: readonly string[];
}

/**
 * Ends what `startDetached`, or a start in another terminal, runs on the home folder; the data stay.
 * @throws DomainError OrchestratorUnavailable when it does not end in time.
 */
export async function stopDetached(home: string): Promise<DownResult> {
  const folder = resolve(home);
  const record = await liveRecord(folder);
  if (!record) return { stopped: await endLeftovers(folder) };
  try {
    // The supervisor alone: its children end in order, by its hand.
    process.kill(record.supervisor.pid, 'SIGTERM');
  } catch {
    // Ended by itself a moment ago.
  }
  const deadline = Date.now() + serviceLimits.downMs;
  while (isAlive(record.supervisor)) {
    if (Date.now() > deadline) {
      throw new DomainError(
        'OrchestratorUnavailable',
        `Process ${record.supervisor.pid}, which runs the services, did not end within ${serviceLimits.downMs / 1000} s; look at ${join(folder, 'logs')}.`,
      );
    }
    await sleep(100);
  }
  await endLeftovers(folder);
  return { stopped: record.services.map(({ name }) => name) };
}
