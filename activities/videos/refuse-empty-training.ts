/** A training must not quietly go on with what little is left of its data. */
import { afterQuarantine } from '../../decisions/after-quarantine.ts';
import { counted } from '../../ground/counted.ts';
import { DomainError } from '../../ground/errors.ts';

/** @throws DomainError DatasetInvalid when a larger share of the videos is unusable than allowed, or all are. */
export function refuseEmptyTraining(
  dataset: string,
  videos: number,
  usable: number,
  maximumShare: number,
): void {
  const bad = videos - usable;
  if (videos === 0 || (usable > 0 && bad / videos <= maximumShare)) return;
  throw new DomainError(
    'DatasetInvalid',
    `${bad} of ${counted(videos, 'video')} of "${dataset}" that this training needs cannot be used; at most ${(100 * maximumShare).toFixed(0)} % may be (sweep.maxQuarantinedShare). ${afterQuarantine}`,
    { videos, bad },
  );
}
