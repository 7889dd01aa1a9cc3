/** `echoloop phantom`: synthetic videos with exact references. */
import type { Command } from 'commander';
import { defineCommand, oneOf, wholeNumber } from '../command.ts';
import { openTerminal } from '../terminal.ts';

interface PhantomOptions {
  readonly out: string;
  readonly count: number;
  readonly domain: 'source' | 'target';
  readonly seed: number;
  readonly json?: boolean;
}

export function phantomCommand(): Command {
  return defineCommand(
    'phantom',
    'Make synthetic labelled apical videos: NIfTI files and a manifest, the same for the same seed.',
    'echoloop phantom --out data/source --count 40 --domain source --seed 1',
  )
    .requiredOption('--out <dir>', 'folder of the dataset; made when it is absent')
    .requiredOption('--count <n>', 'number of videos; each patient gives two', wholeNumber(1))
    .option(
      '--domain <domain>',
      'source (one well set-up scanner) or target (other machines, harder patients)',
      oneOf(['source', 'target'] as const),
      'source',
    )
    .option('--seed <n>', 'seed of every random choice', wholeNumber(0), 0)
    .action(phantom);
}

async function phantom(options: PhantomOptions): Promise<void> {
  const terminal = openTerminal(options.json === true);
  const { makePhantoms } = await import('../../app/datasets/phantom-dataset.ts');
  const { out, count, domain, seed } = options;
  const { made } = await makePhantoms({ out, count, domain, seed }, (done, total) => {
    if (terminal.interactive || done === total) terminal.redraw([`${done} of ${total} videos`]);
  });
  terminal.printJson({ out: options.out, videos: options.count, made });
  terminal.print(
    made === 0
      ? `${options.out} holds ${options.count === 1 ? 'this video' : `these ${options.count} videos`} already.`
      : `${made === 1 ? '1 video with its reference is' : `${made} videos with references are`} in ${options.out}.`,
  );
}
