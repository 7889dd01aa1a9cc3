/** The exact labels of a phantom: what is cavity and wall in every frame, whatever can be seen of it. */
import { BACKGROUND, LEFT_VENTRICLE, MYOCARDIUM } from '../../ground/labels.ts';
import type { Acquisition } from './acquisition.ts';
import { type Heart, shapeAt } from './heart.ts';
import { type HeartPoint, locate, placementAt } from './placement.ts';

/** Labels of ground/labels.ts, [frames, rows, columns]; they go on outside the sector. */
export function phantomLabels(heart: Heart, scan: Acquisition): Uint8Array {
  const labels = new Uint8Array(scan.frames * scan.rows * scan.columns);
  const point: HeartPoint = { share: 0, across: 0, abovePlane: 0, insideCavity: 0, insideWall: 0 };
  let voxel = 0;
  for (let frame = 0; frame < scan.frames; frame++) {
    const shape = shapeAt(heart, frame);
    const placement = placementAt(scan, frame);
    const farthest =
      Math.max(shape.halfWidthMm[0] + shape.wallMm[0], shape.halfWidthMm[1] + shape.wallMm[1]) +
      Math.abs(heart.bendMm);
    for (let row = 0; row < scan.rows; row++) {
      const y = row * scan.spacingMm - placement.apexY;
      for (let column = 0; column < scan.columns; column++, voxel++) {
        const x = column * scan.spacingMm - placement.apexX;
        const across = x * placement.cosine - y * placement.sine;
        if (Math.abs(across) > farthest) continue;
        locate(heart, shape, y * placement.cosine + x * placement.sine, across, point);
        labels[voxel] = labelAt(point);
      }
    }
  }
  return labels;
}

function labelAt({ abovePlane, insideCavity, insideWall }: HeartPoint): number {
  if (abovePlane <= 0) return BACKGROUND;
  if (insideCavity > 0) return LEFT_VENTRICLE;
  return insideWall > 0 ? MYOCARDIUM : BACKGROUND;
}
