import { ApplicationFailure, CancelledFailure, WorkflowFailedError } from '@temporalio/client';
import { expect, it } from 'vitest';
import { reasonIn } from './run-failed.ts';

const failed = (cause: Error) =>
  new WorkflowFailedError('Workflow execution failed', cause, 'NON_RETRYABLE_FAILURE');

it('is what an activity said, not what its library said below that', () => {
  const library = new Error('socket hang up');
  const said = ApplicationFailure.create({ message: 'The store does not answer.', cause: library });
  expect(reasonIn(failed(said))).toBe('The store does not answer.');
});

it('is never empty: a cancellation is told by what was cancelled', () => {
  const cancelled = Object.assign(new Error('Child Workflow execution cancelled'), {
    cause: new CancelledFailure(''),
  });
  expect(reasonIn(failed(cancelled))).toBe('Child Workflow execution cancelled');
});
