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

  it.each([
    ['EEXIST', 'mkdir', 'something else of this name is there already'],
    ['EROFS', 'open', 'this disk can be read alone'],
    ['ENAMETOOLONG', 'open', 'the name is longer than this disk allows'],
    ['EIO', 'read', 'the system refuses this (read: EIO)'],
  ])('are said in words for every code of the system, such as %s', (code, syscall, words) => {
    const error = Object.assign(new Error('x'), { code, errno: -1, syscall, path: '/out' });
    expect(accessProblemOf(error)?.message).toContain(`/out: ${words}`);
  });

  it('name an empty path as one', () => {
    const error = Object.assign(new Error('x'), { code: 'ENOENT', errno: -2, syscall: 'mkdir', path: '' });
    expect(accessProblemOf(error)?.message).toMatch(/^an empty path: there is no such file/);
  });

  it('are not those of a network', () => {
    const refused = { code: 'ECONNREFUSED', errno: -111, syscall: 'connect', address: '127.0.0.1' };
    expect(accessProblemOf(Object.assign(new Error('x'), refused))).toBeUndefined();
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
