/** `echoloop report`: the HTML report of a run, out of the store. */
import type { Command } from 'commander';
import { defineCommand } from '../command.ts';
import { openTerminal } from '../terminal.ts';

export function reportCommand(): Command {
  return defineCommand(
    'report <run>',
    'Fetch the HTML report of a run: one file, readable without a network.',
    'echoloop report target-20260131-235959 --out report.html',
  )
    .option('--out <file>', 'where to write it; <run>.html when left out')
    .action(report);
}

async function report(run: string, options: { out?: string; json?: boolean }): Promise<void> {
  const terminal = openTerminal(options.json === true);
  const { mkdir } = await import('node:fs/promises');
  const { dirname, resolve } = await import('node:path');
  const { pathToFileURL } = await import('node:url');
  const { currentDeployment, storeOf } = await import('../../app/connections.ts');
  const { DomainError } = await import('../../ground/errors.ts');

  const { readArtefactAt } = await import('../../storage/artefacts.ts');
  const { writeWholeFile } = await import('../../storage/whole-file.ts');
  const { runKeys } = await import('../../storage/keys.ts');
  const key = runKeys.report(run);
  const page = (await readArtefactAt(storeOf(await currentDeployment()), key))?.bytes;
  if (!page) {
    throw new DomainError(
      'ArtefactMissing',
      `The store has no ${key}: the run ${run} has not written its report yet, or does not exist. Look: npx echoloop status ${run}`,
    );
  }
  const file = resolve(options.out ?? `${run}.html`);
  await mkdir(dirname(file), { recursive: true });
  await writeWholeFile(file, page);
  terminal.printJson({ run, file, bytes: page.length });
  terminal.print(pathToFileURL(file).href);
}
