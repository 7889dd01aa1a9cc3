/** What all commands share: --json, an example in --help, errors that reach main instead of ending the process. */
import { Command, InvalidArgumentError } from 'commander';
import { didYouMean } from '../app/did-you-mean.ts';
import { checkedName } from '../storage/keys.ts';

/**
 * A command with --json.
 * @param example shown under the options of --help, one command line a line.
 */
export function defineCommand(nameAndArguments: string, summary: string, example: string): Command {
  return defineGroup(nameAndArguments, summary, example).option(
    '--json',
    'print one JSON document on standard output; logs and progress go to standard error',
  );
}

/** A command that only holds other commands. */
export function defineGroup(nameAndArguments: string, summary: string, example: string): Command {
  const [name, ...args] = nameAndArguments.split(' ');
  const command = new Command(name).description(summary).exitOverride().helpCommand(false);
  // main prints the message, once; help still goes where commander sends it.
  command.configureOutput({ outputError: () => {} });
  for (const argument of args) command.argument(argument);
  const lines = example.split('\n').map((line) => `  ${line}`);
  return command.addHelpText('after', `\nExample:\n${lines.join('\n')}`);
}

/** Parser of an option that takes a whole number of at least `smallest`. */
export function wholeNumber(smallest: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= smallest && Number.isSafeInteger(value)) return value;
    throw new InvalidArgumentError(`Expected a whole number of at least ${smallest}, found "${text}".`);
  };
}

/** Parser of an option that takes a number above 0. */
export function positiveNumber(text: string): number {
  const value = Number(text);
  if (text.trim() !== '' && Number.isFinite(value) && value > 0) return value;
  throw new InvalidArgumentError(`Expected a number above 0, found "${text}".`);
}

/**
 * Parser of a name in the store, so that one which cannot be any is answered before a service is asked.
 * @throws DomainError ConfigInvalid
 */
export function nameOf(kind: 'dataset' | 'run' | 'model'): (text: string) => string {
  return (text) => checkedName(kind, text);
}

/** Parser of an option that takes one of the given words. */
export function oneOf<Choice extends string>(choices: readonly Choice[]): (text: string) => Choice {
  return (text) => {
    if ((choices as readonly string[]).includes(text)) return text as Choice;
    throw new InvalidArgumentError(
      `Expected ${choices.join(', ')}, found "${text}".${didYouMean(text, choices)}`,
    );
  };
}

/** Parser of an option that takes some of the given words, separated by commas. */
export function someOf<Choice extends string>(choices: readonly Choice[]): (text: string) => Choice[] {
  const one = oneOf(choices);
  return (text) => [...new Set(text.split(',').map((word) => one(word.trim())))];
}
