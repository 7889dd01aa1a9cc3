/**
 * Outlines of the left ventricle as EchoNet has them: chords across the ventricle, from which a polygon and a mask
 * are made.
 */
import { LEFT_VENTRICLE } from '../../ground/labels.ts';
import type { LabelVideo, VideoGeometry } from '../../imaging/image.ts';

type Point = readonly [row: number, column: number];

export interface Tracing {
  /** Counted from 0. */
  readonly frame: number;
  /** Corners of the outline in pixels, in order. */
  readonly outline: readonly Point[];
}

/** Chord from (x1, y1) to (x2, y2), in pixels. */
export interface Chord {
  readonly x1: number;
  readonly y1: number;
  readonly x2: number;
  readonly y2: number;
}

/**
 * Outline of the chords of one frame: down their first ends, up their second ends. The first chord of EchoNet's table
 * is the long axis and no part of the outline (echonet/datasets/echo.py).
 */
export function outlineOf(chords: readonly Chord[]): Point[] {
  const across = chords.slice(1);
  return [
    ...across.map(({ x1, y1 }) => [y1, x1] as const),
    ...across.toReversed().map(({ x2, y2 }) => [y2, x2] as const),
  ];
}

/** Sets `label` where a pixel's centre lies inside the polygon, even-odd. */
function fillPolygon(
  target: Uint8Array,
  { rows, columns }: Pick<VideoGeometry, 'rows' | 'columns'>,
  outline: readonly Point[],
): void {
  for (let row = 0; row < rows; row++) {
    const crossings: number[] = [];
    for (const [i, [r1, c1]] of outline.entries()) {
      const [r2, c2] = outline[(i + 1) % outline.length]!;
      if (r1 <= row === r2 <= row) continue;
      crossings.push(c1 + ((row - r1) / (r2 - r1)) * (c2 - c1));
    }
    crossings.sort((a, b) => a - b);
    for (let i = 0; i + 1 < crossings.length; i += 2) {
      const from = Math.max(0, Math.ceil(crossings[i]!));
      const to = Math.min(columns - 1, Math.floor(crossings[i + 1]!));
      if (from <= to) target.fill(LEFT_VENTRICLE, row * columns + from, row * columns + to + 1);
    }
  }
}

/**
 * A reference that knows the ventricle alone, in the traced frames alone; tracings of frames that the video has not
 * are left out.
 */
export function tracedReference(video: VideoGeometry, tracings: readonly Tracing[]): LabelVideo | undefined {
  const { frames, rows, columns, spacingMm, frameTimeMs } = video;
  const within = tracings.filter(({ frame, outline }) => frame >= 0 && frame < frames && outline.length >= 3);
  if (within.length === 0) return undefined;
  const pixels = rows * columns;
  const labels = new Uint8Array(frames * pixels);
  for (const { frame, outline } of within)
    fillPolygon(labels.subarray(frame * pixels, (frame + 1) * pixels), video, outline);
  const annotatedFrames = [...new Set(within.map(({ frame }) => frame))].sort((a, b) => a - b);
  const geometry = { frames, rows, columns, spacingMm, frameTimeMs };
  return { ...geometry, labels, annotatedFrames, annotatedLabels: [LEFT_VENTRICLE] };
}
