/** A comparison as it goes on: a redrawn line on a terminal, a line for every stage elsewhere. */
import type { ComparisonProgress } from '../../contracts/comparison.ts';
import type { Terminal } from '../terminal.ts';

function comparisonLine({ row, rowsDone, rows, stage, done, total, state }: ComparisonProgress): string {
  const what = row === '' ? stage : `${stage} ${row}`;
  const work = total > 1 ? `, ${done} of ${total}` : '';
  return `${rowsDone} of ${rows} rows done; ${what}${work}${state === 'running' ? '' : ` (${state})`}`;
}

/** What `followComparison` tells, shown. */
export function comparisonDisplay(terminal: Terminal): (progress: ComparisonProgress) => void {
  let last = '';
  return (progress) => {
    if (terminal.interactive) {
      terminal.redraw([comparisonLine(progress)]);
      return;
    }
    const stage = `${progress.row} ${progress.stage}`;
    if (stage === last) return;
    last = stage;
    terminal.note(comparisonLine(progress));
  };
}
