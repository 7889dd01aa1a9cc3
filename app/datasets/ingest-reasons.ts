/** Why a video may be set aside: what its header says (DICOM), or what it shows. */
import { type ContentReason, contentReasons } from '../../datasets/content.ts';
import { type RefusalReason, refusalReasonNames } from '../../datasets/refusal.ts';

export type IngestReason = RefusalReason | ContentReason;

/** All of them, as `--force` takes them. */
export const ingestReasons: readonly IngestReason[] = [...refusalReasonNames, ...contentReasons];
