/**
 * Where the ventricle of a video lies: one shift, size and direction for all of its frames, so that shapes of any
 * patient are alike but for what the linear shape model (method.md 4.4) is about, and beats stay beats.
 */
import { LEFT_VENTRICLE } from '../../ground/labels.ts';
import { median } from '../../ground/median.ts';
import { largestComponent, valueTable } from '../../imaging/components.ts';
import type { LabelVideo } from '../../imaging/image.ts';

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
 * The median over frames of the largest blob of the ventricle, so that broken frames do not move it; undefined where no
 * frame has a ventricle to speak of.
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
  const over = (field: keyof Moments) => median(moments.map((one) => one[field]));
  return {
    centreMm: [over('down'), over('across')],
    unitMm: Math.sqrt(over('areaMm2')),
    angle: over('angle'),
  };
}

interface Moments {
  readonly down: number;
  readonly across: number;
  readonly areaMm2: number;
  readonly angle: number;
}

function momentsOf(
  frame: Uint8Array,
  { rows, columns, spacingMm }: Pick<LabelVideo, 'rows' | 'columns' | 'spacingMm'>,
): Moments | undefined {
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
