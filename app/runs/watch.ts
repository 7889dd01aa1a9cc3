/** Follows a run until it is over. */
import { setTimeout as pause } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import type { AdaptationResult } from '../../contracts/messages.ts';
import { clientLimits } from '../../temporal.config.ts';
import { type RunState, readRun, runResult } from './adaptation-client.ts';
import { type Rate, rateMeter } from './stage-work.ts';

/**
 * Looks at the run again and again, its last state included.
 * @param onLook what was seen, and how fast the current stage goes once it has moved.
 * @returns the run's result.
 * @throws RunFailed when it ended without one.
 */
export async function followRun(
  client: Client,
  run: string,
  onLook: (state: RunState, rate: Rate | undefined) => void,
): Promise<AdaptationResult> {
  const measureRate = rateMeter();
  for (;;) {
    const state = await readRun(client, run);
    onLook(state, measureRate(state, Date.now()));
    if (state.status !== 'RUNNING' && state.status !== 'CONTINUED_AS_NEW')
      return await runResult(client, run);
    await pause(clientLimits.lookEveryMs);
  }
}
