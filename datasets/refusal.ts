/**
 * Why a file that can be read is not taken for a dataset. Each reason can be overruled by the person who knows the
 * file, one by one, never all at once: a forced pixel size does not let burned-in text through.
 */
import { DomainError } from '../ground/errors.ts';

export const refusalReasons = {
  'not-ultrasound': 'another modality, or nothing in the header says that it is ultrasound',
  'single-capture': 'one captured screen',
  volume: 'a 3D volume, not a picture that moves in time',
  'burned-in-text': 'text on the picture cannot be told from the picture',
  'region-conflict': 'the ultrasound region is not where the picture moves',
  'spacing-conflict': 'the pixel size given differs from that of the header',
  'frame-time-conflict': 'the frame time given differs from that of the header',
} as const;

export type RefusalReason = keyof typeof refusalReasons;

export const refusalReasonNames = Object.keys(refusalReasons) as readonly RefusalReason[];

/**
 * @param detail what was expected, what was found, and what else to do
 * @throws DatasetInvalid, its details naming the reason, unless `forced` holds it
 */
export function refuseUnlessForced(
  reason: RefusalReason,
  forced: readonly RefusalReason[],
  name: string,
  detail: string,
): void {
  if (forced.includes(reason)) return;
  throw new DomainError('DatasetInvalid', `${name}: ${detail} To take it all the same: --force ${reason}.`, {
    reason,
  });
}
