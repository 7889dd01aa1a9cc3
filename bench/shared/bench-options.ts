/**
 * The command line of a benchmark: what is wrong with it ends in words and exit code 2, as with every other command,
 * before anything is measured.
 */
import { existsSync } from 'node:fs';
import { type ParseArgsConfig, parseArgs } from 'node:util';

/** @param message what was expected and what was found */
export function refuseOptions(message: string): never {
  return endWith(2, 'Usage', message);
}

function endWith(exitCode: 2 | 3, code: string, message: string): never {
  process.stderr.write(`echoloop: ${message}\n`);
  if (process.argv.includes('--json')) {
    process.stdout.write(`${JSON.stringify({ error: { code, message } }, null, 2)}\n`);
  }
  process.exit(exitCode);
}

/** The path of a file that is there, given as `flag`. */
export function namedFile(flag: string, path: string): string {
  if (existsSync(path)) return path;
  return endWith(3, 'ArtefactMissing', `${flag} ${path}: there is no such file.`);
}

type Options = NonNullable<ParseArgsConfig['options']>;
type ValuesOf<Of extends Options> = ReturnType<typeof parseArgs<{ options: Of }>>['values'];

/** The values of the flags in `options` that the command line has; anything else on it is refused. */
export function benchOptions<const Of extends Options>(options: Of): ValuesOf<Of> {
  try {
    return parseArgs({ options }).values;
  } catch (error) {
    const flags = Object.keys(options).map((name) => `--${name}`);
    refuseOptions(`${(error as Error).message.split('. ')[0]}. This benchmark takes ${flags.join(', ')}.`);
  }
}

/** A whole number of at least `least` that was given as `flag`. */
export function wholeNumber(flag: string, text: string, least = 1): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= least && Number.isSafeInteger(value)) return value;
  return refuseOptions(`${flag}: expected a whole number of at least ${least}, found "${text}".`);
}

/** Some of them, separated by commas. */
export function wholeNumbers(flag: string, text: string, least = 1): number[] {
  return text.split(',').map((one) => wholeNumber(flag, one.trim(), least));
}

/** The threads of the tensor back end, as many as it takes when left out. */
export function threadsOf(text: string | undefined): { readonly threads?: number } {
  return text === undefined ? {} : { threads: wholeNumber('--threads', text) };
}

/** A number above 0. */
export function positiveNumber(flag: string, text: string): number {
  const value = Number(text);
  if (text.trim() !== '' && Number.isFinite(value) && value > 0) return value;
  return refuseOptions(`${flag}: expected a number above 0, found "${text}".`);
}

/** Some of the given words, separated by commas, in the order in which they are `known`. */
export function someOf<const Word extends string>(
  flag: string,
  text: string,
  known: readonly Word[],
): Word[] {
  const words = text.split(',').map((word) => word.trim());
  const strange = words.find((word) => !(known as readonly string[]).includes(word));
  if (strange !== undefined)
    refuseOptions(`${flag}: expected some of ${known.join(', ')}, found "${strange}".`);
  return known.filter((word) => words.includes(word));
}
