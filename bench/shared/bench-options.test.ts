import { afterEach, describe, expect, it } from 'vitest';
import {
  benchOptions,
  namedFile,
  positiveNumber,
  someOf,
  wholeNumber,
  wholeNumbers,
} from './bench-options.ts';
import { refusalOf } from './refusal.fixture.ts';

const given = process.argv;
afterEach(() => {
  process.argv = given;
});

it('reads the flags that a benchmark has', () => {
  process.argv = ['node', 'bench', '--seeds', '1,2', '--json'];
  const values = benchOptions({ json: { type: 'boolean' }, seeds: { type: 'string', default: '1' } });
  expect(values.json).toBe(true);
  expect(wholeNumbers('--seeds', values.seeds)).toEqual([1, 2]);
});

describe('what is wrong with a command line ends in words and an exit code', () => {
  it.each([
    [['--bogus'], "Unknown option '--bogus'. This benchmark takes --seeds."],
    [['--seeds'], 'argument missing. This benchmark takes --seeds.'],
    [['more'], "Unexpected argument 'more'"],
  ])('%j', (args, says) => {
    process.argv = ['node', 'bench', ...args];
    const refusal = refusalOf(() => benchOptions({ seeds: { type: 'string' } }));
    expect(refusal).toEqual({ exitCode: 2, said: expect.stringContaining(says) });
  });

  it.each([
    [
      'text for a number',
      () => wholeNumber('--videos', 'all'),
      '--videos: expected a whole number of at least 1, found "all"',
    ],
    ['too few', () => wholeNumber('--videos', '0'), 'found "0"'],
    [
      'text in a list',
      () => wholeNumbers('--seeds', '1,two', 0),
      '--seeds: expected a whole number of at least 0, found "two"',
    ],
    ['an empty list', () => wholeNumbers('--seeds', ''), 'found ""'],
    [
      'a time that is none',
      () => positiveNumber('--seconds', '-1'),
      '--seconds: expected a number above 0, found "-1"',
    ],
    [
      'a word that is not known',
      () => someOf('--sizes', 'tiny,huge', ['tiny', 'small']),
      '--sizes: expected some of tiny, small, found "huge"',
    ],
  ])('%s', (_, read, says) => {
    expect(refusalOf(read)).toEqual({ exitCode: 2, said: expect.stringContaining(says) });
  });

  it('a file that is not there', () => {
    const refusal = refusalOf(() => namedFile('--policy', 'none.safetensors'));
    const said = expect.stringContaining('--policy none.safetensors: there is no such file');
    expect(refusal).toEqual({ exitCode: 3, said });
  });
});
