/**
 * What is kept of the picture: the 2D view of tissue. All else is blanked, because names, dates and times stand there.
 * This never depends on what a person gives when importing, only on the file.
 */
import type { GreyVideo } from '../../imaging/image.ts';
import { type RefusalReason, refuseUnlessForced } from '../refusal.ts';
import { findSector } from '../sector.ts';
import { boxMask, isShrunk, isWholePicture, type RegionInPicture, shareInside } from './region-in-picture.ts';
import type { PixelBox, UltrasoundRegions } from './ultrasound-regions.ts';

export interface ViewMask {
  /** 0/1 over [rows, columns]; undefined when all of the picture is kept. */
  readonly keep: Uint8Array | undefined;
  /**
   * How many times the screen, in whose pixels the region is stated, was larger; undefined when the picture does not
   * tell.
   */
  readonly screenFactor: number | undefined;
}

export interface ViewEvidence {
  readonly regions: UltrasoundRegions;
  readonly placed: RegionInPicture | undefined;
  /** True when the header says that nothing is written on the picture (BurnedInAnnotation NO). */
  readonly isFreeOfText: boolean;
  readonly forced: readonly RefusalReason[];
  readonly name: string;
}

/** Least share of what moves that must lie in the region. */
const LEAST_INSIDE = 0.5;

function intersection(masks: readonly Uint8Array[]): Uint8Array | undefined {
  return masks.reduce<Uint8Array | undefined>(
    (kept, mask) => (kept === undefined ? mask : kept.map((inside, i) => inside & mask[i]!)),
    undefined,
  );
}

function without(mask: Uint8Array, boxes: readonly PixelBox[], factor: number, video: GreyVideo): Uint8Array {
  const kept = mask.slice();
  for (const { top, bottom, left, right } of boxes) {
    const box = {
      top: Math.floor(top / factor),
      bottom: Math.ceil(bottom / factor),
      left: Math.floor(left / factor),
      right: Math.ceil(right / factor),
    };
    const inside = boxMask(box, video);
    for (let i = 0; i < kept.length; i++) if (inside[i] === 1) kept[i] = 0;
  }
  return kept;
}

interface Placement {
  readonly boxes: readonly PixelBox[];
  readonly screenFactor: number | undefined;
}

/**
 * Where the region lies in the picture. Without anything that moves, a region that ends outside the picture may lie in
 * two places: both are given, so that what either excludes goes.
 */
function placement(
  placed: RegionInPicture | undefined,
  sector: Uint8Array | undefined,
  video: GreyVideo,
): Placement {
  if (placed === undefined) return { boxes: [], screenFactor: undefined };
  if (placed.kind === 'inside') return { boxes: [placed.box], screenFactor: 1 };
  const { cut, shrunk, factor } = placed;
  if (sector === undefined) return { boxes: shrunk ? [cut, shrunk] : [cut], screenFactor: undefined };
  return shrunk && isShrunk(placed, sector, video)
    ? { boxes: [shrunk], screenFactor: factor }
    : { boxes: [cut], screenFactor: undefined };
}

/**
 * What to keep of a video.
 * @throws DatasetInvalid, with a reason that can be forced: text cannot be told from the picture, or the region is not
 * where it moves
 */
export function viewMask(video: GreyVideo, evidence: ViewEvidence): ViewMask {
  const { regions, placed, isFreeOfText, forced, name } = evidence;
  const sector = findSector(video);
  const { boxes, screenFactor } = placement(placed, sector, video);
  let masks = boxes.map((box) => boxMask(box, video));
  if (sector !== undefined) {
    const isElsewhere = boxes[0] !== undefined && shareInside(sector, boxes[0], video) < LEAST_INSIDE;
    if (isElsewhere) {
      const detail =
        'expected the picture to move inside its ultrasound region, found most of what moves outside it. Export the recording again.';
      refuseUnlessForced('region-conflict', forced, name, detail);
      masks = [];
    }
    masks.push(sector);
  }
  const keep = intersection(masks);
  const tellsNothing = sector === undefined && boxes.every((box) => isWholePicture(box, video));
  if (tellsNothing && !isFreeOfText) {
    const detail =
      'expected an ultrasound region smaller than the picture, or a picture that moves, to tell the picture from what is written around it; found neither. ' +
      'Leave the file out.';
    refuseUnlessForced('burned-in-text', forced, name, detail);
  }
  return { keep: keep && without(keep, regions.others, screenFactor ?? 1, video), screenFactor };
}
