/**
 * Cleaning of label maps (method.md 4.1): largest blob of each structure, holes inside each filled, holes between
 * left ventricle and myocardium filled with myocardium. Also the rule that a final prediction keeps one blob.
 */
import { LEFT_VENTRICLE, MYOCARDIUM } from '../ground/labels.ts';
import { componentRuns, fillHoles, largestComponent, largestLabel, valueTable } from './components.ts';
import type { LabelVideo } from './image.ts';

const leftVentricleOnly = valueTable(LEFT_VENTRICLE);
const myocardiumOnly = valueTable(MYOCARDIUM);

/**
 * One frame cleaned, shape [rows, columns]; the input is left as it is. Where the filled structures overlap the left
 * ventricle wins, because the reference writes the myocardium first. Empty frames stay empty.
 */
export function cleanFrame(labels: Uint8Array, rows: number, columns: number): Uint8Array {
  const ventricle = largestComponent(labels, rows, columns, 4, leftVentricleOnly);
  const myocardium = largestComponent(labels, rows, columns, 4, myocardiumOnly);
  // The blobs are disjoint, but the filled myocardium covers a ventricle that it encloses; ventricle is written last.
  const filledMyocardium = fillHoles(myocardium, rows, columns);
  const filledVentricle = fillHoles(ventricle, rows, columns);
  const result = new Uint8Array(rows * columns);
  for (let i = 0; i < result.length; i++) {
    if (filledVentricle[i]! !== 0) result[i] = LEFT_VENTRICLE;
    else if (filledMyocardium[i]! !== 0) result[i] = MYOCARDIUM;
  }
  const joined = fillHoles(result, rows, columns);
  for (let i = 0; i < result.length; i++) {
    if (joined[i]! !== 0 && result[i]! === 0) result[i] = MYOCARDIUM;
  }
  return result;
}

/** A frame with only its largest 4-connected blob of foreground; the first in scan order on ties. */
export function keepLargestForeground(labels: Uint8Array, rows: number, columns: number): Uint8Array {
  const found = componentRuns(labels, rows, columns, 4);
  const keep = largestLabel(found);
  const result = new Uint8Array(rows * columns);
  for (let i = 0; i < found.runs; i++) {
    if (found.label[i] !== keep) continue;
    const offset = found.row[i]! * columns;
    const from = offset + found.start[i]!;
    result.set(labels.subarray(from, offset + found.end[i]!), from);
  }
  return result;
}

function mapFrames(
  video: LabelVideo,
  change: (labels: Uint8Array, rows: number, columns: number) => Uint8Array,
): LabelVideo {
  const pixels = video.rows * video.columns;
  const labels = new Uint8Array(video.labels.length);
  for (let t = 0; t < video.frames; t++) {
    const frame = video.labels.subarray(t * pixels, (t + 1) * pixels);
    labels.set(change(frame, video.rows, video.columns), t * pixels);
  }
  return { ...video, labels };
}

/** Every frame of a segmentation cleaned by `cleanFrame`. */
export function cleanVideo(video: LabelVideo): LabelVideo {
  return mapFrames(video, cleanFrame);
}

/** Every frame of a segmentation with only its largest blob of foreground. */
export function keepLargestForegroundVideo(video: LabelVideo): LabelVideo {
  return mapFrames(video, keepLargestForeground);
}
