import { expect, test } from 'vitest';
import type { DomainError } from '../ground/errors.ts';
import { s3Failure } from './s3-failure.ts';

const refused = (name: string, status: number): Error =>
  Object.assign(new Error('refused'), { name, $metadata: { httpStatusCode: status } });

const toldOf = (error: unknown): DomainError =>
  s3Failure('reading runs/a/plan.json', 'bucket b at http://store', error);

test('a clock that is wrong is told as such, and is worth another try', () => {
  const told = toldOf(refused('RequestTimeTooSkewed', 403));
  expect(told.code).toBe('StorageUnavailable');
  expect(told.message).toMatch(/clock.*differ.*time server/);
});

test('a refused key stays final, and a server that is gone is worth another try', () => {
  expect(toldOf(refused('SignatureDoesNotMatch', 403)).code).toBe('AccessDenied');
  expect(toldOf(Object.assign(new Error('refused'), { code: 'ECONNREFUSED' })).code).toBe(
    'StorageUnavailable',
  );
});
