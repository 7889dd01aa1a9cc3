/** `echoloop datasets`: what the store has, and a sheet of first frames to look at before a dataset is used. */
import type { Command } from 'commander';
import { counted } from '../../ground/counted.ts';
import { defineCommand, defineGroup } from '../command.ts';
import { openTerminal } from '../terminal.ts';
import { textTable } from '../text/text-table.ts';

interface Json {
  readonly json?: boolean;
}

export function datasetsCommand(): Command {
  const group = defineGroup(
    'datasets',
    'List the datasets of the store, or look at the first frames of one before it is used.',
    'echoloop datasets list\necholoop datasets sheet hospital --out hospital.html',
  );
  group.addCommand(
    defineCommand('list', 'List the datasets of the store.', 'echoloop datasets list').action(list),
  );
  group.addCommand(
    defineCommand(
      'sheet <dataset>',
      'Write a page of first frames, one tile a video with its id and what is wrong with it, of a dataset in the store or a folder.',
      'echoloop datasets sheet hospital --out hospital.html',
    )
      .requiredOption('--out <file>', 'the HTML file to write; it shows recordings, so keep it with the data')
      .action(sheet),
  );
  return group;
}

async function openSheets() {
  const { currentDeployment, storeOf } = await import('../../app/connections.ts');
  const sheets = await import('../../app/datasets/dataset-sheet.ts');
  return { ...sheets, openStore: async () => storeOf(await currentDeployment()) };
}

async function list({ json }: Json): Promise<void> {
  const terminal = openTerminal(json === true);
  const { listDatasets, openStore } = await openSheets();
  const datasets = await listDatasets(await openStore());
  terminal.printJson({ datasets });
  const rows = datasets.map(({ dataset, ...counts }) => [dataset, ...Object.values(counts).map(String)]);
  terminal.print(
    rows.length === 0
      ? 'There is no dataset yet. Bring videos in: npx echoloop ingest --help'
      : textTable(['dataset', 'videos', 'with reference', 'patients', 'quarantined'], rows),
  );
}

async function sheet(dataset: string, { out, json }: Json & { out: string }): Promise<void> {
  const terminal = openTerminal(json === true);
  const { requireFolderOf } = await import('../../app/named-paths.ts');
  await requireFolderOf(out);
  const { writeDatasetSheet, openStore } = await openSheets();
  const found = await writeDatasetSheet(dataset, out, openStore, (done, total) => {
    if (terminal.interactive) terminal.redraw([`looked at ${done} of ${total} videos`]);
  });
  terminal.printJson({ dataset, out, ...found });
  const { videos, errors, warnings, quarantined } = found;
  terminal.print(
    `${out}: ${counted(videos, 'video')}, ${counted(errors, 'error')}, ${counted(warnings, 'warning')}, ${quarantined} set aside`,
  );
}
