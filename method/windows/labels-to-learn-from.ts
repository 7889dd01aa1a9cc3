/** The labels of a reference as training windows hold them: what nobody drew is UNKNOWN instead of background. */
import { UNKNOWN } from '../../ground/labels.ts';
import { annotationMask, isFullyAnnotated } from '../../imaging/annotation.ts';
import type { LabelVideo } from '../../imaging/image.ts';

/** [frames, rows, columns]; the reference's own array where it knows everything. */
export function labelsToLearnFrom(reference: LabelVideo): Uint8Array {
  if (isFullyAnnotated(reference)) return reference.labels;
  const mask = annotationMask(reference);
  return reference.labels.map((label, i) => (mask[i] === 1 ? label : UNKNOWN));
}
