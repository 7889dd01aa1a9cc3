/**
 * A bad video is set aside and counted; a run with too many of them ends by itself instead of learning from the rest.
 */
import { ApplicationFailure, patched } from '@temporalio/workflow';
import { afterQuarantine } from '../decisions/after-quarantine.ts';
import { counted } from '../ground/counted.ts';

/** @throws ApplicationFailure DatasetInvalid, not retryable, when more than `maximumShare` of the videos is bad. */
export function refuseTooManyBad(bad: number, videos: number, maximumShare: number, what: string): void {
  if (videos === 0 || bad / videos <= maximumShare) return;
  // A run that counted short under an older version, and was let pass, goes on.
  if (!patched('every-bad-video-counts')) return;
  const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;
  throw ApplicationFailure.nonRetryable(
    `${bad} of ${counted(videos, 'video')} of the ${what} (${percent(bad / videos)}) cannot be used; at most ${percent(maximumShare)} may be (sweep.maxQuarantinedShare). ${afterQuarantine}`,
    'DatasetInvalid',
    { bad, videos },
  );
}
