/** `echoloop report`: the HTML report of a run, out of the store. */
import type { Command } from 'commander';
import { defineCommand, nameOf } from '../command.ts';
import { openTerminal } from '../terminal.ts';

export function reportCommand(): Command {
  return defineCommand(
    'report',
    'Fetch the HTML report of a run: one file, readable without a network.',
    'echoloop report target-20260131-235959 --out report.html',
  )
    .argument('<run>', 'the run that it is about', nameOf('run'))
    .option('--out <file>', 'where to write it; <run>.html when left out')
    .action(report);
}

async function report(run: string, options: { out?: string; json?: boolean }): Promise<void> {
  const terminal = openTerminal(options.json === true);
  const { mkdir } = await import('node:fs/promises');
  const { dirname, resolve } = await import('node:path');
  const { pathToFileURL } = await import('node:url');
  const { currentDeployment, storeOf } = await import('../../app/connections.ts');
  const { readReport } = await import('../../app/runs/report.ts');
  const { writeWholeFile } = await import('../../storage/whole-file.ts');
  const page = await readReport(storeOf(await currentDeployment()), run);
  const file = resolve(options.out ?? `${run}.html`);
  await mkdir(dirname(file), { recursive: true });
  await writeWholeFile(file, page);
  terminal.printJson({ run, file, bytes: page.length });
  terminal.print(pathToFileURL(file).href);
}
