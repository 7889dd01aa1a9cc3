/**
 * Shape attributes of a segmentation frame: areas, centres, orientation, base width and length. The temporal criteria
 * (method.md 9.3) and the shape autoencoder (4.2) read them.
 */
import { BACKGROUND, LEFT_VENTRICLE } from '../ground/labels.ts';
import type { LabelFrame } from '../imaging/image.ts';
import { foregroundBox } from './foreground-crop.ts';
import { baseWidthMm, leftVentricleApex, leftVentricleBase, ventricleLengthMm } from './landmarks.ts';

/** Attributes that need no landmark and therefore always exist. */
export interface RegionAttributes {
  /** mm2. */
  readonly lvArea: number;
  /** mm2. */
  readonly myoArea: number;
  /** ROW of the centre of left ventricle and myocardium together, in pixels (named as published). */
  readonly epiCenterX: number;
  /** COLUMN of that centre, in pixels. An empty frame has its centre at rows / 2, columns / 2, rounded down. */
  readonly epiCenterY: number;
}

export interface ShapeAttributes extends RegionAttributes {
  /** mm; undefined when the base cannot be found. */
  readonly lvBaseWidth: number | undefined;
  /** mm; undefined when base or apex cannot be found. */
  readonly lvLength: number | undefined;
  /** Degrees of the long axis from the column axis, 90 upright; 0 when there is no left ventricle. */
  readonly lvOrientation: number;
}

/** Areas and centre of a frame. */
export function regionAttributes(frame: LabelFrame): RegionAttributes {
  const { labels, rows, columns, spacingMm } = frame;
  const box = foregroundBox(frame) ?? { top: 0, bottom: -1, left: 0, right: -1 };
  let ventricle = 0;
  let structure = 0;
  let rowSum = 0;
  let columnSum = 0;
  for (let r = box.top; r <= box.bottom; r++) {
    const offset = r * columns;
    let inRow = 0;
    for (let c = box.left; c <= box.right; c++) {
      const label = labels[offset + c]!;
      if (label === BACKGROUND) continue;
      inRow++;
      columnSum += c;
      if (label === LEFT_VENTRICLE) ventricle++;
    }
    structure += inRow;
    rowSum += inRow * r;
  }
  const pixelArea = spacingMm[0] * spacingMm[1];
  return {
    lvArea: ventricle * pixelArea,
    myoArea: (structure - ventricle) * pixelArea,
    epiCenterX: structure > 0 ? rowSum / structure : Math.floor(rows / 2),
    epiCenterY: structure > 0 ? columnSum / structure : Math.floor(columns / 2),
  };
}

/**
 * Angle in degrees of the long axis of the left ventricle: the eigenvector of its inertia tensor, with the sign that
 * LAPACK's two by two eigensolver gives, as the published attribute has.
 */
export function leftVentricleOrientation(frame: LabelFrame): number {
  const { labels, rows, columns } = frame;
  let count = 0;
  let sumRow = 0;
  let sumColumn = 0;
  let sumRowRow = 0;
  let sumRowColumn = 0;
  let sumColumnColumn = 0;
  for (let r = 0; r < rows; r++) {
    const offset = r * columns;
    let inRow = 0;
    let columnsInRow = 0;
    for (let c = 0; c < columns; c++) {
      if (labels[offset + c] !== LEFT_VENTRICLE) continue;
      inRow++;
      columnsInRow += c;
      sumColumnColumn += c * c;
    }
    count += inRow;
    sumRow += inRow * r;
    sumRowRow += inRow * r * r;
    sumColumn += columnsInRow;
    sumRowColumn += columnsInRow * r;
  }
  if (count === 0) return 0;
  const meanRow = sumRow / count;
  const meanColumn = sumColumn / count;
  const rowVariance = (sumRowRow - meanRow * sumRow) / count;
  const columnVariance = (sumColumnColumn - meanColumn * sumColumn) / count;
  const tensorOff = -(sumRowColumn - meanRow * sumColumn) / count;
  return longAxisDegrees(columnVariance, tensorOff, rowVariance);
}

/** Direction of the eigenvector of [[a, b], [b, c]] with the larger eigenvalue, signed as LAPACK's dlaev2 does. */
function longAxisDegrees(a: number, b: number, c: number): number {
  const negligible = Math.abs(b) <= Math.sqrt(Math.abs(a)) * Math.sqrt(Math.abs(c)) * Number.EPSILON * 0.5;
  if (b === 0 || negligible) return a > c ? 0 : 90;
  const difference = a - c;
  const twice = b + b;
  const root = Math.sqrt(difference * difference + twice * twice);
  const cs = difference >= 0 ? difference + root : difference - root;
  let cosine: number;
  let sine: number;
  if (Math.abs(cs) > Math.abs(twice)) {
    const ratio = -twice / cs;
    sine = 1 / Math.sqrt(1 + ratio * ratio);
    cosine = ratio * sine;
  } else {
    const ratio = -cs / twice;
    cosine = 1 / Math.sqrt(1 + ratio * ratio);
    sine = ratio * cosine;
  }
  // A sum of variances is positive, so the two signs agree exactly when the difference is not negative.
  if (difference >= 0) [cosine, sine] = [-sine, cosine];
  return (Math.atan2(sine, cosine) * 180) / Math.PI;
}

/** All attributes of a frame. */
export function shapeAttributes(frame: LabelFrame): ShapeAttributes {
  const base = leftVentricleBase(frame);
  const apex = base === undefined ? undefined : leftVentricleApex(frame);
  return {
    ...regionAttributes(frame),
    lvOrientation: leftVentricleOrientation(frame),
    lvBaseWidth: base === undefined ? undefined : baseWidthMm(base, frame.spacingMm),
    lvLength:
      base === undefined || apex === undefined ? undefined : ventricleLengthMm(base, apex, frame.spacingMm),
  };
}
