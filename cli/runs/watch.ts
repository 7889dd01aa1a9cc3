/** Follows a run until it is over: a redrawn block on a terminal, a line now and then elsewhere. */
import { setTimeout as pause } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import type { AdaptationResult } from '../../contracts/messages.ts';
import type { Terminal } from '../terminal.ts';
import { type RunState, readRun, runResult } from './adaptation-client.ts';
import { progressLine, progressLines, type Rate, stageWork } from './progress-text.ts';

const lookEveryMs = 1500;
/** A log should show life without drowning: a line per stage, and one in this time. */
const plainLineEveryMs = 20_000;
/** Share of the newest observation in the smoothed rate. */
const smoothing = 0.3;

/**
 * @returns the run's result.
 * @throws RunFailed when it ended without one.
 */
export async function followRun(client: Client, run: string, terminal: Terminal): Promise<AdaptationResult> {
  const measureRate = rateMeter();
  let lastStage = '';
  let lastLineAt = 0;
  for (;;) {
    const state = await readRun(client, run);
    const now = Date.now();
    const rate = measureRate(state, now);
    if (terminal.interactive) terminal.redraw(progressLines(state, rate));
    else {
      const stage = `${state.progress?.stage} ${state.progress?.iteration} ${state.progress?.state}`;
      if (stage !== lastStage || now - lastLineAt >= plainLineEveryMs) {
        terminal.note(progressLine(state, rate));
        lastStage = stage;
        lastLineAt = now;
      }
    }
    if (state.status !== 'RUNNING' && state.status !== 'CONTINUED_AS_NEW')
      return await runResult(client, run);
    await pause(lookEveryMs);
  }
}

/** Work per second of the current piece of work, smoothed over looks; undefined until it has moved. */
export function rateMeter(): (state: RunState, nowMs: number) => Rate | undefined {
  let name = '';
  let lastDone = 0;
  let lastAt = 0;
  let perSecond: number | undefined;
  return (state, nowMs) => {
    const work = stageWork(state);
    if (!work) return undefined;
    if (work.name !== name || work.done < lastDone) {
      name = work.name;
      lastDone = work.done;
      lastAt = nowMs;
      perSecond = undefined;
      return undefined;
    }
    if (work.done > lastDone && nowMs > lastAt) {
      const seen = ((work.done - lastDone) * 1000) / (nowMs - lastAt);
      perSecond = perSecond === undefined ? seen : smoothing * seen + (1 - smoothing) * perSecond;
      lastDone = work.done;
      lastAt = nowMs;
    }
    return perSecond === undefined
      ? undefined
      : { perSecond, secondsLeft: Math.max(0, work.total - work.done) / perSecond };
  };
}
