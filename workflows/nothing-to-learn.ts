/**
 * A run whose labelling found hardly any video to learn from ends there and says what to do, instead of following noise
 * for hours.
 */
import { ApplicationFailure, patched } from '@temporalio/workflow';
import type { LabelCounts } from '../contracts/messages.ts';
import type { RunConfig } from '../contracts/run-config.ts';
import { refusalToLearn } from '../decisions/enough-to-learn-from.ts';

/**
 * @throws ApplicationFailure NothingToLearn, not retryable, when fewer than `labelling.minimumVideos` were kept or
 * corrected.
 */
export function refuseNothingToLearn(
  labels: readonly LabelCounts[],
  { labelling }: Pick<RunConfig, 'labelling'>,
): void {
  // A configuration that an older version stored, as in a schedule, does not have the field.
  const refusal = refusalToLearn(labels, labelling.minimumVideos ?? 0);
  // A run that an older version let pass goes on.
  if (!refusal || !patched('nothing-to-learn')) return;
  const { message, usable, labelled } = refusal;
  throw ApplicationFailure.nonRetryable(message, 'NothingToLearn', { usable, labelled });
}
