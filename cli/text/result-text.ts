/** What a finished run came to, as a table for the terminal. */
import type { AdaptationResult } from '../../contracts/messages.ts';
import { headlineRows } from '../../report/headline.ts';
import { textTable } from './text-table.ts';

/** Before and after on held-out target videos, and which policy was kept. */
export function resultTable(result: AdaptationResult): string {
  const before = result.policies.find((policy) => policy.iteration === 0);
  const after = result.best;
  const rows = headlineRows(
    before?.test ?? before?.validation,
    after.test ?? after.validation,
    result.change,
  );
  const why = result.policies.length === 1 ? 'no iteration was finished' : 'no iteration was better';
  const kept =
    after.iteration === 0
      ? `The policy from before the adaptation was kept: ${why}.`
      : `The policy of iteration ${after.iteration} was kept.`;
  const videos = (after.test ?? after.validation)?.videos;
  const lines = [
    textTable(
      [`${videos === undefined ? '' : `${videos} `}held-out target videos`, 'before', 'after', 'change'],
      rows.map((row) => [row.label, row.before, row.after, row.change]),
    ),
    ...(result.change ? ['In brackets: 95 % intervals of the change, over patients.'] : []),
    kept,
  ];
  if (result.promotion)
    lines.push(`${result.promotion.promoted ? 'Promoted' : 'Not promoted'}: ${result.promotion.reason}`);
  if (result.quarantined > 0) lines.push(`${result.quarantined} videos were quarantined.`);
  if (result.stopped) lines.push('The run was stopped early by request.');
  return lines.join('\n');
}
