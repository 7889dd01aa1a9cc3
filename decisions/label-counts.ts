/** Counts of what reward labelling made of videos (method.md 4.3), added up over shards. */
import type { LabelCounts } from '../contracts/messages.ts';

export const noLabels: LabelCounts = { kept: 0, corrected: 0, rejected: 0, triples: 0 };

export function addLabels(a: LabelCounts, b: LabelCounts): LabelCounts {
  return {
    kept: a.kept + b.kept,
    corrected: a.corrected + b.corrected,
    rejected: a.rejected + b.rejected,
    triples: a.triples + b.triples,
  };
}
