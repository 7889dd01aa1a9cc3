/** A mask as another program may store it. */
import { readLabelFile, writeLabelNifti } from './nifti.ts';

/** The same picture with columns stored from the other end, as the affine says. */
export function mirrored(bytes: Uint8Array): Uint8Array {
  const { labels, layout } = readLabelFile(bytes, 'reference');
  const { columns } = labels;
  const turned = labels.labels.map(
    (_, i) => labels.labels[i - (i % columns) + (columns - 1 - (i % columns))]!,
  );
  const step = layout.sform[0]!;
  const sform = [-step, ...layout.sform.slice(1, 3), layout.sform[3]! + (columns - 1) * step];
  return writeLabelNifti(
    { ...labels, labels: turned },
    { ...layout, sform: [...sform, ...layout.sform.slice(4)] },
  );
}
