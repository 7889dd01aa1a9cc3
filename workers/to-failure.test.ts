import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import { expect, it } from 'vitest';
import { DomainError } from '../ground/errors.ts';
import { toFailure } from './to-failure.ts';

it('makes the code the type of the failure and lets it decide about retries', () => {
  const final = toFailure(new DomainError('LabelMapInvalid', 'label 7', { label: 7 }));
  expect(final).toMatchObject({
    type: 'LabelMapInvalid',
    nonRetryable: true,
    message: 'label 7',
    details: [{ label: 7 }],
  });
  expect(toFailure(new DomainError('StorageUnavailable', 'later'))).toMatchObject({ nonRetryable: false });
});

it('lets cancellations, failures and defects through untouched', () => {
  for (const error of [
    new CancelledFailure('stop'),
    ApplicationFailure.retryable('again'),
    new TypeError('defect'),
  ]) {
    expect(toFailure(error)).toBe(error);
  }
});

it('has an activity tried again that met a full disk', () => {
  const full = Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
  expect(toFailure(full)).toMatchObject({ type: 'DiskFull', nonRetryable: false });
});
