/** Measures of a study rather than of a video: those that need both apical views. */

import { biplaneEjectionFraction, type KeyFrameDiscs } from './clinical.ts';
import type { StudyScore } from './evaluation.ts';

export interface StudyView {
  readonly study: string;
  readonly view: string;
  readonly id: string;
  readonly prediction: KeyFrameDiscs;
  readonly reference?: KeyFrameDiscs;
}

/**
 * Biplane ejection fraction of every study with a view a4c and a view a2c, in the order of the studies' first videos.
 * Of several videos of one view the first counts.
 */
export function biplaneStudies(views: readonly StudyView[]): StudyScore[] {
  const studies = new Map<string, Map<string, StudyView>>();
  for (const view of views) {
    const known = studies.get(view.study) ?? new Map<string, StudyView>();
    studies.set(view.study, known);
    if (!known.has(view.view)) known.set(view.view, view);
  }
  const scores: StudyScore[] = [];
  for (const [study, known] of studies) {
    const a4c = known.get('a4c');
    const a2c = known.get('a2c');
    if (a4c === undefined || a2c === undefined) continue;
    const references = a4c.reference && a2c.reference && ([a4c.reference, a2c.reference] as const);
    scores.push({
      study,
      a4c: a4c.id,
      a2c: a2c.id,
      ejectionFraction: biplaneEjectionFraction(a4c.prediction, a2c.prediction) ?? null,
      ...(references && { referenceEjectionFraction: biplaneEjectionFraction(...references) ?? null }),
    });
  }
  return scores;
}
