/**
 * Where the 2D view lies in the stored picture. A region that ends outside the picture means one of two things, and
 * they differ in the pixel size: the picture was cut from the screen, or it was stored smaller than the screen, whose
 * coordinates and pixel size the header kept. Only what moves in the picture can tell them apart.
 */
import type { PixelBox, TissueRegion } from './ultrasound-regions.ts';

export type RegionInPicture =
  /** The region lies in the picture; some scanners count its end a few pixels past it. */
  | { readonly kind: 'inside'; readonly box: PixelBox }
  /**
   * It does not: `cut` is what lies in the picture, `shrunk` the region of a screen `factor` times as large, if that
   * fits.
   */
  | {
      readonly kind: 'outside';
      readonly cut: PixelBox;
      readonly shrunk: PixelBox | undefined;
      readonly factor: number;
      /** Edges of the picture that the region as stated goes beyond. */
      readonly crossed: { readonly right: boolean; readonly bottom: boolean };
    };

interface Picture {
  readonly rows: number;
  readonly columns: number;
}

/** Pixels, and share of the side, that a region may end past the picture by the scanner's way of counting. */
const SLACK_PIXELS = 2;
const SLACK_SHARE = 0.01;
/** Below this ratio a screen of 1.25 or 1.5 times is as likely as one of 2 times. */
const LEAST_RATIO = 1.4;
const MOST_FACTOR = 4;
/** Share of what moves that must lie in a region for it to be where the 2D view is. */
const MOVING_INSIDE = 0.95;
/** Strip along a crossed edge, as a share of the side, that a view that was cut there would reach. */
const EDGE_SHARE = 0.05;

function clipped(box: PixelBox, factor: number, { rows, columns }: Picture): PixelBox | undefined {
  const result = {
    top: Math.floor(box.top / factor),
    bottom: Math.min(rows - 1, Math.ceil(box.bottom / factor)),
    left: Math.floor(box.left / factor),
    right: Math.min(columns - 1, Math.ceil(box.right / factor)),
  };
  return result.bottom > result.top && result.right > result.left ? result : undefined;
}

/** Undefined when no part of the region lies in the picture. */
export function placeRegion({ box }: TissueRegion, picture: Picture): RegionInPicture | undefined {
  const { rows, columns } = picture;
  const cut = clipped(box, 1, picture);
  const fits = (end: number, side: number) => end <= side + SLACK_PIXELS + SLACK_SHARE * side;
  if (fits(box.right, columns) && fits(box.bottom, rows)) return cut && { kind: 'inside', box: cut };
  const ratio = Math.max(box.right / columns, box.bottom / rows);
  const factor = Math.ceil(ratio);
  const canBeShrunk = ratio >= LEAST_RATIO && factor <= MOST_FACTOR;
  const shrunk = canBeShrunk ? clipped(box, factor, picture) : undefined;
  const nothing = { top: 0, left: 0, bottom: 0, right: 0 };
  const crossed = { right: !fits(box.right, columns), bottom: !fits(box.bottom, rows) };
  return cut || shrunk ? { kind: 'outside', cut: cut ?? nothing, shrunk, factor, crossed } : undefined;
}

/** A 0/1 mask of the boxes' inside over [rows, columns]. */
export function boxMask(box: PixelBox, { rows, columns }: Picture): Uint8Array {
  const mask = new Uint8Array(rows * columns);
  const right = Math.min(box.right, columns - 1);
  for (let row = box.top; row <= Math.min(box.bottom, rows - 1); row++) {
    if (right >= box.left) mask.fill(1, row * columns + box.left, row * columns + right + 1);
  }
  return mask;
}

/** True for a region that leaves no room around it for writing, as of scanners that state their whole screen. */
export function isWholePicture({ top, bottom, left, right }: PixelBox, { rows, columns }: Picture): boolean {
  const near = (side: number) => SLACK_SHARE * side;
  return (
    top <= near(rows) &&
    left <= near(columns) &&
    bottom >= rows - 1 - near(rows) &&
    right >= columns - 1 - near(columns)
  );
}

/** Share of the pixels of `sector` that lie in the box. */
export function shareInside(sector: Uint8Array, box: PixelBox, picture: Picture): number {
  const inside = boxMask(box, picture);
  let moving = 0;
  let both = 0;
  for (let i = 0; i < sector.length; i++) {
    moving += sector[i]!;
    both += sector[i]! & inside[i]!;
  }
  return moving === 0 ? 0 : both / moving;
}

/**
 * True when the picture shows that it was stored smaller: what moves lies where the region of the larger screen says,
 * and ends well before the edges that the region as stated crosses. In a cut picture the view would go on to where it
 * was cut.
 */
export function isShrunk(
  region: RegionInPicture & { kind: 'outside' },
  sector: Uint8Array,
  picture: Picture,
): boolean {
  if (region.shrunk === undefined || shareInside(sector, region.shrunk, picture) < MOVING_INSIDE)
    return false;
  const { rows, columns } = picture;
  const near = (side: number) => Math.ceil(EDGE_SHARE * side);
  const { crossed } = region;
  const edges = [
    ...(crossed.bottom ? [{ top: rows - near(rows), bottom: rows - 1, left: 0, right: columns - 1 }] : []),
    ...(crossed.right
      ? [{ top: 0, bottom: rows - 1, left: columns - near(columns), right: columns - 1 }]
      : []),
  ];
  return edges.every((edge) => shareInside(sector, edge, picture) === 0);
}
