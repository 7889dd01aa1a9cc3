/**
 * References as nnU-Net learns from them: labels consecutive from 0, and what nobody drew as its ignore label, the
 * highest one (nnU-Net v2, documentation/ignore_label.md), which its loss leaves out.
 */
import { BACKGROUND, LEFT_VENTRICLE, MYOCARDIUM } from '../../ground/labels.ts';
import { annotatedFramesOf, annotatedLabelsOf, withoutUnknown } from '../../imaging/annotation.ts';
import type { LabelVideo } from '../../imaging/image.ts';

/** What a reference knows. */
export type Annotation = Pick<LabelVideo, 'frames' | 'annotatedFrames' | 'annotatedLabels'>;

export interface LabelSet {
  /** By name, consecutive from 0; with `ignore` where some reference does not know all. */
  readonly labels: Readonly<Record<string, number>>;
  readonly structures: readonly number[];
  readonly ignore: number | undefined;
}

/**
 * Labels for all references of a dataset. Where none knows the myocardium it is no label: background is then whatever
 * is not the ventricle, and known.
 */
export function labelSetOf(references: readonly Annotation[]): LabelSet {
  const annotated = references.map((reference) => annotatedLabelsOf(reference as LabelVideo));
  const hasMyocardium = annotated.some((known) => known.includes(MYOCARDIUM));
  const structures = hasMyocardium ? [LEFT_VENTRICLE, MYOCARDIUM] : [LEFT_VENTRICLE];
  const isPartial = references.some(
    (reference, i) =>
      annotatedFramesOf(reference as LabelVideo).length < reference.frames ||
      structures.some((label) => !annotated[i]!.includes(label)),
  );
  const ignore = isPartial ? structures.length + 1 : undefined;
  return {
    labels: {
      background: BACKGROUND,
      left_ventricle: LEFT_VENTRICLE,
      ...(hasMyocardium && { myocardium: MYOCARDIUM }),
      ...(ignore !== undefined && { ignore }),
    },
    structures,
    ignore,
  };
}

/**
 * The reference with the set's ignore label in frames that nobody drew and, where it knows some of the structures
 * alone, on all but these: background there may be a structure that was not drawn.
 */
export function withIgnored(reference: LabelVideo, { structures, ignore }: LabelSet): LabelVideo {
  const known = withoutUnknown(reference);
  if (ignore === undefined) return known;
  const drawn = new Set(annotatedFramesOf(reference));
  const knowsAll = structures.every((label) => annotatedLabelsOf(reference).includes(label));
  const pixels = reference.rows * reference.columns;
  const labels = known.labels.map((label, i) => {
    const isKnown = drawn.has(Math.floor(i / pixels)) && (knowsAll || label !== BACKGROUND);
    return isKnown ? label : ignore;
  });
  return { ...known, labels };
}
