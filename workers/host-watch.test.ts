import { describe, expect, it } from 'vitest';
import { DomainError, type ErrorCode } from '../ground/errors.ts';
import { HostWatch } from './host-watch.ts';

/** A host whose proof fails so, or is good. */
function hostWith(fault?: ErrorCode) {
  let proofs = 0;
  let faults = 0;
  const watch = new HostWatch(async () => {
    proofs++;
    if (fault) throw new DomainError(fault, 'Check the keys of this host.');
  });
  watch.onFault(() => faults++);
  return { watch, proofs: () => proofs, faults: () => faults };
}

const failed = (code: ErrorCode): DomainError => new DomainError(code, 'It failed.', { key: 'k' });

describe('a host that cannot prove itself any more', () => {
  it.each(['AccessDenied', 'BackendMissing', 'ConfigInvalid', 'ComputeCrashed', 'DiskFull'] as const)(
    'takes itself out after %s, which is tried again elsewhere',
    async (code) => {
      const { watch, faults } = hostWith('AccessDenied');
      const told = await watch.judge(failed(code));
      expect(told).toMatchObject({
        code: 'HostUnfit',
        message: 'It failed. Check the keys of this host.',
        details: { key: 'k' },
      });
      expect(watch.fault).toMatchObject({ code: 'AccessDenied' });
      await watch.judge(failed(code));
      expect(faults()).toBe(1);
    },
  );

  it('does so at once when it is no match for a run', async () => {
    const { watch, proofs, faults } = hostWith();
    expect(await watch.judge(failed('HostUnfit'))).toMatchObject({
      code: 'HostUnfit',
      message: 'It failed.',
    });
    expect([proofs(), faults()]).toEqual([0, 1]);
  });
});

describe('a host that proves itself again', () => {
  it.each(['AccessDenied', 'BackendMissing', 'ConfigInvalid', 'ComputeCrashed', 'DiskFull'] as const)(
    'leaves %s to the activity',
    async (code) => {
      const { watch, proofs } = hostWith();
      const error = failed(code);
      expect(await watch.judge(error)).toBe(error);
      expect([proofs(), watch.fault]).toEqual([1, undefined]);
    },
  );

  it('is not asked to for what is never the host', async () => {
    const { watch, proofs } = hostWith('AccessDenied');
    const errors = [failed('DatasetInvalid'), failed('StorageUnavailable'), new Error('a defect'), 'text'];
    for (const error of errors) expect(await watch.judge(error)).toBe(error);
    expect(proofs()).toBe(0);
  });
});

it('a host that cannot know, as the store is away, works on and has the activity tried again', async () => {
  const { watch, faults } = hostWith('StorageUnavailable');
  expect(await watch.judge(failed('AccessDenied'))).toMatchObject({ code: 'HostUnfit' });
  const crash = failed('ComputeCrashed');
  expect(await watch.judge(crash)).toBe(crash);
  expect(faults()).toBe(0);
});
