/**
 * What is to be read from a folder of files: which are videos, which masks belong to them, which patient, and what is
 * left lying.
 */
import type { GivenGeometry } from '../given-geometry.ts';
import type { Split } from '../manifest.ts';
import type { LabelMap } from '../nifti.ts';
import type { Tracing } from './tracings.ts';

export type PlannedLabels =
  /** One mask of all frames. */
  | { readonly kind: 'mask'; readonly file: string }
  /** Masks of single frames, counted from 0. */
  | { readonly kind: 'frames'; readonly masks: readonly { readonly file: string; readonly frame: number }[] }
  /** Outlines of the left ventricle in some frames. */
  | { readonly kind: 'tracings'; readonly tracings: readonly Tracing[] };

export interface PlannedVideo {
  readonly file: string;
  /** Pictures that are its frames, in order, where it is a series; `file` is their folder. */
  readonly pictures?: readonly string[];
  /** What it is called where names are kept: the file's name without its ending. */
  readonly name: string;
  /**
   * Whose recording it is, as names or a table say; a name of a patient or study, so it goes no further than a keyed
   * hash.
   */
  readonly patient?: string;
  readonly view?: string;
  readonly split?: Split;
  readonly labels?: PlannedLabels;
  readonly labelMap?: LabelMap;
  /** What an info file says beside it. */
  readonly given?: GivenGeometry;
  /** What the table of a dataset says that the reference knows. */
  readonly annotatedFrames?: readonly number[];
  readonly annotatedLabels?: readonly number[];
}

export interface SkippedFile {
  readonly file: string;
  readonly reason: string;
}

export interface IngestPlan {
  /** What the folder was taken for. */
  readonly collection: 'dataset' | 'CAMUS' | 'EchoNet' | 'nnU-Net' | 'files';
  readonly videos: readonly PlannedVideo[];
  /** Files that are neither videos nor masks of one, and why; masks without their video. */
  readonly skipped: readonly SkippedFile[];
}

/** The files of a folder, and a way to read the small text files among them. */
export interface FolderListing {
  /** Paths with `/`, in name order. */
  readonly files: readonly string[];
  readText(file: string): Promise<string>;
}
