/** What a finished run came to, as a table for the terminal. */
import type { AdaptationResult } from '../../contracts/messages.ts';
import { counted } from '../../ground/counted.ts';
import { headlineNotes, headlineRows, headlineSides, headlineVideos } from '../../report/headline.ts';
import { textTable } from './text-table.ts';

/** Before and after on held-out target videos, and which policy was kept. */
export function resultTable(result: AdaptationResult): string {
  const { best } = result;
  const why = result.policies.length === 1 ? 'no iteration was finished' : 'no iteration was better';
  const kept =
    best.iteration === 0
      ? `The policy from before the adaptation was kept: ${why}.`
      : `The policy of iteration ${best.iteration} was kept.`;
  const lines = [...measuredLines(result), kept];
  if (result.promotion)
    lines.push(`${result.promotion.promoted ? 'Promoted' : 'Not promoted'}: ${result.promotion.reason}`);
  if (result.quarantined > 0)
    lines.push(
      `${counted(result.quarantined, 'video')} ${result.quarantined === 1 ? 'was' : 'were'} quarantined.`,
    );
  if (result.stopped) lines.push('The run was stopped early by request.');
  return lines.join('\n');
}

function measuredLines(result: AdaptationResult): string[] {
  const sides = headlineSides(result);
  const rows = headlineRows(sides);
  const title = headlineVideos(sides);
  const table = sides.plain
    ? textTable(
        [title, 'plain', 'before', 'after', 'after - plain', 'after - before'],
        rows.map((row) => [
          row.label,
          row.plain!.value,
          row.before,
          row.after,
          row.plain!.change,
          row.change,
        ]),
      )
    : textTable(
        [title, 'before', 'after', 'change'],
        rows.map((row) => [row.label, row.before, row.after, row.change]),
      );
  return [table, ...headlineNotes(sides)];
}
