/**
 * Where the ventricle of a video lies: one shift, size and direction for all of its frames, so that shapes of any
 * patient are alike but for what the linear shape model (method.md 4.4) is about, and beats stay beats.
 */
import { LEFT_VENTRICLE } from '../../ground/labels.ts';
import { median } from '../../ground/median.ts';
import { largestComponent, valueTable } from '../../imaging/components.ts';
import type { LabelVideo } from '../../imaging/image.ts';
import { LEAST_VENTRICLE_SHARE } from '../../metrics/lost-ventricle.ts';

/** A square on the image, in whose units the ventricle has an area of one and lies along the first axis. */
export interface Placement {
  /** Middle of the ventricle, [down, across] in mm from the middle of the first pixel. */
  readonly centreMm: readonly [number, number];
  /** Length of the unit in mm: the square root of the ventricle's area. */
  readonly unitMm: number;
  /** From straight down to the ventricle's long axis, towards rising columns, in radians from -pi/2 to pi/2. */
  readonly angle: number;
}

/** A frame's ventricle with fewer pixels says nothing of where it lies. */
const LEAST_PIXELS = 20;

const ventricle = valueTable(LEFT_VENTRICLE);

/**
 * The median over frames of the largest blob of the ventricle, specks left out, so that broken frames do not move it;
 * undefined where no frame has a ventricle to speak of.
 */
export function placementOf(video: LabelVideo): Placement | undefined {
  const moments: Moments[] = [];
  const pixels = video.rows * video.columns;
  for (let t = 0; t < video.frames; t++) {
    const frame = video.labels.subarray(t * pixels, (t + 1) * pixels);
    const found = momentsOf(frame, video);
    if (found) moments.push(found);
  }
  if (moments.length === 0) return undefined;
  const least = LEAST_VENTRICLE_SHARE * median(moments.map(({ areaMm2 }) => areaMm2));
  const shown = moments.filter(({ areaMm2 }) => areaMm2 >= least);
  const over = (field: keyof Moments) => median(shown.map((one) => one[field]));
  return {
    centreMm: [over('down'), over('across')],
    unitMm: Math.sqrt(over('areaMm2')),
    angle: medianAngle(shown.map(({ angle }) => angle)),
  };
}

/** An axis has two ends: angles are turned about by half a turn where that brings them nearer to the mean axis. */
function medianAngle(angles: readonly number[]): number {
  const sum = (part: (angle: number) => number) =>
    angles.reduce((total, angle) => total + part(2 * angle), 0);
  const mean = Math.atan2(sum(Math.sin), sum(Math.cos)) / 2;
  const turnedTo = (axis: number, angle: number) => angle - Math.PI * Math.round((angle - axis) / Math.PI);
  return turnedTo(0, median(angles.map((angle) => turnedTo(mean, angle))));
}

/** Whether a frame, labels [rows, columns], shows the ventricle of the video, and not a speck or nothing at all. */
export function showsVentricle(frame: Uint8Array, grid: FrameGrid, { unitMm }: Placement): boolean {
  const found = momentsOf(frame, grid);
  return found !== undefined && found.areaMm2 >= LEAST_VENTRICLE_SHARE * unitMm ** 2;
}

type FrameGrid = Pick<LabelVideo, 'rows' | 'columns' | 'spacingMm'>;

interface Moments {
  readonly down: number;
  readonly across: number;
  readonly areaMm2: number;
  readonly angle: number;
}

function momentsOf(frame: Uint8Array, { rows, columns, spacingMm }: FrameGrid): Moments | undefined {
  const blob = largestComponent(frame, rows, columns, 4, ventricle);
  let [count, down, across, downDown, acrossAcross, downAcross] = [0, 0, 0, 0, 0, 0];
  for (let i = 0; i < blob.length; i++) {
    if (blob[i] === 0) continue;
    const y = Math.floor(i / columns) * spacingMm[0];
    const x = (i % columns) * spacingMm[1];
    count++;
    down += y;
    across += x;
    downDown += y * y;
    acrossAcross += x * x;
    downAcross += x * y;
  }
  if (count < LEAST_PIXELS) return undefined;
  down /= count;
  across /= count;
  const [yy, xx] = [downDown / count - down * down, acrossAcross / count - across * across];
  const yx = downAcross / count - down * across;
  return {
    down,
    across,
    areaMm2: count * spacingMm[0] * spacingMm[1],
    angle: Math.atan2(2 * yx, yy - xx) / 2,
  };
}
