/** A run as it goes on: a redrawn block on a terminal, a line now and then elsewhere. */
import type { RunState } from '../app/runs/adaptation-client.ts';
import type { Rate } from '../app/runs/stage-work.ts';
import { clientLimits } from '../temporal.config.ts';
import type { Terminal } from './terminal.ts';
import { progressLine, progressLines } from './text/progress-text.ts';

/** What `followRun` tells about a run, shown. */
export function runDisplay(terminal: Terminal): (state: RunState, rate: Rate | undefined) => void {
  let lastStage = '';
  let lastLineAt = 0;
  return (state, rate) => {
    if (terminal.interactive) {
      terminal.redraw(progressLines(state, rate));
      return;
    }
    const now = Date.now();
    const stage = `${state.progress?.stage} ${state.progress?.iteration} ${state.progress?.state}`;
    if (stage === lastStage && now - lastLineAt < clientLimits.lineEveryMs) return;
    terminal.note(progressLine(state, rate));
    lastStage = stage;
    lastLineAt = now;
  };
}
