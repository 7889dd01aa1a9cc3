/** A run as it goes on: a redrawn block on a terminal, a line now and then elsewhere. */
import type { RunState } from '../app/runs/adaptation-client.ts';
import type { Rate } from '../app/runs/stage-work.ts';
import type { Terminal } from './terminal.ts';
import { progressLine, progressLines } from './text/progress-text.ts';

/** A log should show life without drowning: a line per stage, and one in this time. */
const plainLineEveryMs = 20_000;

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
    if (stage === lastStage && now - lastLineAt < plainLineEveryMs) return;
    terminal.note(progressLine(state, rate));
    lastStage = stage;
    lastLineAt = now;
  };
}
