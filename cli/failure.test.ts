import { CommanderError } from 'commander';
import { describe, expect, it } from 'vitest';
import { RunFailed } from '../app/runs/run-failed.ts';
import { DomainError } from '../ground/errors.ts';
import { failureOf } from './failure.ts';

describe('failures', () => {
  it('leave the exit code of their kind', () => {
    expect(failureOf(new RunFailed('r', 'x'))?.exitCode).toBe(1);
    expect(failureOf(new CommanderError(1, 'commander.unknownOption', 'error: x'))?.exitCode).toBe(2);
    expect(failureOf(new DomainError('ConfigInvalid', 'x'))?.exitCode).toBe(2);
    expect(failureOf(new DomainError('DatasetInvalid', 'x'))?.exitCode).toBe(3);
    expect(failureOf(new DomainError('StorageUnavailable', 'x'))?.exitCode).toBe(4);
  });

  it('are none when help or the version was asked for', () => {
    expect(failureOf(new CommanderError(0, 'commander.helpDisplayed', 'x'))).toBeUndefined();
  });

  it('tell a full disk from bad data, with and without the name of the file', () => {
    for (const path of ['/out/a.nii.gz', undefined]) {
      const error = Object.assign(new Error('x'), { code: 'ENOSPC', ...(path && { path }) });
      expect(failureOf(error)).toMatchObject({
        exitCode: 1,
        code: 'DiskFull',
        message: expect.stringContaining(`${path ?? 'a file'} could not be written: the disk is full`),
      });
    }
  });

  it('name the file of a file system error, without a stack', () => {
    const error = Object.assign(new Error('x'), { code: 'ENOENT', path: '/data/a.dcm' });
    expect(failureOf(error)).toMatchObject({
      exitCode: 3,
      message: expect.stringContaining('/data/a.dcm: there is no such file'),
    });
  });
});
