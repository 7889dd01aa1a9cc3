/**
 * Surfaces of the structures of a frame (method.md 9.1). A surface pixel is a structure pixel with a 4-neighbour
 * outside, the outside of the image included.
 */
import { BACKGROUND, LEFT_VENTRICLE, MYOCARDIUM } from '../ground/labels.ts';
import { type LabelFrame, type LabelVideo, labelFrame } from '../imaging/image.ts';
import { foregroundBox } from './foreground-crop.ts';

/** Surface pixels in scan order, with their first and last column. */
export interface Surface {
  readonly count: number;
  readonly row: Int32Array;
  readonly column: Int32Array;
  readonly left: number;
  readonly right: number;
}

export interface FrameSurfaces {
  readonly lv: Surface;
  readonly myo: Surface;
  /** Left ventricle and myocardium together. */
  readonly epi: Surface;
}

/** Positions of surface pixels of the three structures, buffers that live from call to call. */
class Scratch {
  positions: [Int32Array, Int32Array, Int32Array] = [new Int32Array(0), new Int32Array(0), new Int32Array(0)];

  reservePixels(pixels: number): void {
    if (this.positions[0].length >= pixels) return;
    this.positions = [new Int32Array(pixels), new Int32Array(pixels), new Int32Array(pixels)];
  }
}

const scratch = new Scratch();

function surfaceOf(positions: Int32Array, count: number, columns: number): Surface {
  const row = new Int32Array(count);
  const column = new Int32Array(count);
  let left = columns;
  let right = -1;
  for (let i = 0; i < count; i++) {
    const position = positions[i]!;
    const c = position % columns;
    row[i] = (position - c) / columns;
    column[i] = c;
    if (c < left) left = c;
    if (c > right) right = c;
  }
  return { count, row, column, left, right };
}

/** Surfaces that a pixel may lie on, as bits. */
const ON_VENTRICLE = 1;
const ON_MYOCARDIUM = 2;
const ON_EPICARDIUM = 4;

/** The surfaces that pixel (r, c) lies on. */
function surfacesAt({ labels, rows, columns }: LabelFrame, r: number, c: number): number {
  const i = r * columns + c;
  const label = labels[i]!;
  if (label === BACKGROUND) return 0;
  const up = r > 0 ? labels[i - columns]! : BACKGROUND;
  const down = r < rows - 1 ? labels[i + columns]! : BACKGROUND;
  const before = c > 0 ? labels[i - 1]! : BACKGROUND;
  const after = c < columns - 1 ? labels[i + 1]! : BACKGROUND;
  if (up === label && down === label && before === label && after === label) return 0;
  const isOuter = up === BACKGROUND || down === BACKGROUND || before === BACKGROUND || after === BACKGROUND;
  return ownSurface(label) | (isOuter ? ON_EPICARDIUM : 0);
}

function ownSurface(label: number): number {
  if (label === LEFT_VENTRICLE) return ON_VENTRICLE;
  return label === MYOCARDIUM ? ON_MYOCARDIUM : 0;
}

/** Surfaces of the three structures of a frame, in one pass. */
export function frameSurfaces(frame: LabelFrame): FrameSurfaces {
  const { rows, columns } = frame;
  scratch.reservePixels(rows * columns);
  const [ventricle, myocardium, epicardium] = scratch.positions;
  let lv = 0;
  let myo = 0;
  let epi = 0;
  const box = foregroundBox(frame) ?? { top: 0, bottom: -1, left: 0, right: -1 };
  for (let r = box.top; r <= box.bottom; r++) {
    for (let c = box.left; c <= box.right; c++) {
      const surfaces = surfacesAt(frame, r, c);
      const i = r * columns + c;
      if (surfaces & ON_VENTRICLE) ventricle[lv++] = i;
      if (surfaces & ON_MYOCARDIUM) myocardium[myo++] = i;
      if (surfaces & ON_EPICARDIUM) epicardium[epi++] = i;
    }
  }
  return {
    lv: surfaceOf(ventricle, lv, columns),
    myo: surfaceOf(myocardium, myo, columns),
    epi: surfaceOf(epicardium, epi, columns),
  };
}

/** The surfaces of every frame of a segmentation. */
export function videoSurfaces(video: LabelVideo): FrameSurfaces[] {
  return Array.from({ length: video.frames }, (_, t) => frameSurfaces(labelFrame(video, t)));
}
