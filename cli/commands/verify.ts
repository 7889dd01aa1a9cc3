/** `echoloop verify`: all that is wrong with a dataset, before hours of work depend on it. */
import type { Command } from 'commander';
import type { DatasetProblem } from '../../datasets/verify.ts';
import { counted } from '../../ground/counted.ts';
import { defineCommand } from '../command.ts';
import { FinishedWith } from '../failure.ts';
import { openTerminal } from '../terminal.ts';
import { textTable } from '../text/text-table.ts';

export function verifyCommand(): Command {
  return defineCommand(
    'verify <dataset>',
    'Check every video and reference of a dataset (a name in the store, or a folder with manifest.csv): all problems at once, expected and found.',
    'echoloop verify hospital\necholoop verify phantoms --json',
  ).action(verify);
}

async function verify(dataset: string, options: { readonly json?: boolean }): Promise<void> {
  const terminal = openTerminal(options.json === true);
  const { verifyNamed } = await import('../../app/datasets/verify-named.ts');
  const { currentDeployment, storeOf } = await import('../../app/connections.ts');
  const { videos, problems } = await verifyNamed(
    dataset,
    async () => storeOf(await currentDeployment()),
    (done, total) => {
      if (terminal.interactive) terminal.redraw([`checked ${done} of ${total} videos`]);
    },
  );
  const errors = problems.filter(({ severity }) => severity === 'error').length;
  terminal.printJson({ dataset, videos, errors, warnings: problems.length - errors, problems });
  if (problems.length > 0) terminal.print(problemTable(problems));
  terminal.print(
    `${counted(videos, 'video')} checked: ${counted(errors, 'error')}, ${counted(problems.length - errors, 'warning')}`,
  );
  if (errors > 0) throw new FinishedWith(3);
}

function problemTable(problems: readonly DatasetProblem[]): string {
  const texts = problems.map(({ expected, found, message }) =>
    expected === undefined ? message : `expected ${expected}; found ${found}`,
  );
  // Of one width, so that the table's right alignment leaves the text on the left.
  const width = Math.max(...texts.map((text) => text.length));
  const rows = problems.map(({ id, severity, reason }, i) => [
    id ?? '(dataset)',
    severity,
    reason,
    texts[i]!.padEnd(width),
  ]);
  return textTable(['video', 'severity', 'reason', 'what'.padEnd(width)], rows);
}
