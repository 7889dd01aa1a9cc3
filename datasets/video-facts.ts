/**
 * What a reader did to the grey levels of a file, so that nobody has to trust that nothing was lost: the numbers that
 * the file holds, the range that became [0, 1], and how many levels are left once the video is stored.
 */
import type { GreyVideo } from '../imaging/image.ts';
import type { RecordingGroups } from './dicom/identity.ts';
import type { NiftiLayout } from './nifti-layout.ts';

/**
 * Where the range of grey levels that becomes [0, 1] comes from: the type (whole numbers of 8 bits: 0..255), a window
 * that the header states, the least and greatest value found, or, where a few outliers would squeeze the rest, the
 * central 99.8 % of them.
 */
export type ScalingKind = 'type' | 'window' | 'range' | 'robust';

export interface GreyScaling {
  readonly kind: ScalingKind;
  /** The value, after the header's rescale slope and intercept, that becomes 0. */
  readonly low: number;
  /** The value that becomes 1; above `low`. */
  readonly high: number;
}

export interface VideoFacts {
  /** Bits of a sample as the file states them: bits stored in DICOM, 32 for single precision. */
  readonly sourceBits: number;
  /** Different values among the pixels of the file; counted to `MOST_LEVELS`. */
  readonly distinctLevels: number;
  /** Different values after scaling and rounding to the stored depth. */
  readonly keptLevels: number;
  readonly scaling: GreyScaling;
}

/** Levels that sixteen bits hold: no more are counted. */
export const MOST_LEVELS = 65_536;

/** A video as its reader gives it. */
export interface RecordedVideo extends GreyVideo {
  readonly facts: VideoFacts;
  /** Axes, units and orientation of a NIfTI file, which masks of the video are written with. */
  readonly layout?: NiftiLayout;
  /** What a person should know of the reading, such as a given value that counts instead of the header's. */
  readonly notes?: readonly string[];
  /** Which patient and study it is of, as keyed hashes, where the format and the caller's key give them. */
  readonly groups?: RecordingGroups | undefined;
}
