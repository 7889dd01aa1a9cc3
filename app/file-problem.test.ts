import { describe, expect, it } from 'vitest';
import { DomainError } from '../ground/errors.ts';
import { accessProblemOf, problemOf, problemText } from './file-problem.ts';

const directory = Object.assign(new Error('x'), { code: 'EISDIR' });

describe('problems of files', () => {
  it('name the file that was read where the error does not', () => {
    expect(problemOf('/data/a.nii.gz', directory)).toEqual({
      file: '/data/a.nii.gz',
      code: 'DatasetInvalid',
      message: '/data/a.nii.gz: a file was expected, this is a folder.',
    });
    expect(accessProblemOf(directory)).toBeUndefined();
  });

  it('are said with the name in front, once', () => {
    const bad = problemOf('/data/a.nii.gz', new DomainError('FormatUnsupported', 'no NIfTI header'));
    expect(problemText(bad)).toBe('/data/a.nii.gz: no NIfTI header');
    expect(problemText(problemOf('/data/a.nii.gz', directory))).toMatch(/^\/data\/a\.nii\.gz: a file/);
  });

  it('are thrown where no other file would fare better', () => {
    const away = new DomainError('StorageUnavailable', 'x');
    expect(() => problemOf('/data/a.nii.gz', away)).toThrow(away);
  });
});
