/**
 * `echoloop datasets`: what the store has, a sheet of first frames to look at before a dataset is used, and datasets
 * for nnU-Net.
 */
import type { Command } from 'commander';
import { problemText } from '../../app/file-problem.ts';
import { counted } from '../../ground/counted.ts';
import { defineCommand, defineGroup } from '../command.ts';
import { FinishedWith } from '../failure.ts';
import { openTerminal } from '../terminal.ts';
import { textTable } from '../text/text-table.ts';

interface Json {
  readonly json?: boolean;
}

export function datasetsCommand(): Command {
  const group = defineGroup(
    'datasets',
    'List the datasets of the store, look at the first frames of one before it is used, or write one for nnU-Net.',
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
  group.addCommand(
    defineCommand(
      'export <dataset>',
      'Write a dataset (of the store, or a folder) as nnU-Net v2 reads it: annotated training videos with their masks, and videos to predict. Its predictions come back as a row: compare --systems folder=DIR.',
      'echoloop datasets export lab --test hospital --out nnUNet_raw/Dataset101_Lab',
    )
      .requiredOption('--out <dir>', 'the folder DatasetNNN_Name to write; made when it is absent')
      .option(
        '--test <dataset>',
        'whose test videos go into imagesTs; those of the dataset itself when left out',
      )
      .action(exportDataset),
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

async function exportDataset(
  dataset: string,
  { out, test = dataset, json }: Json & { out: string; test?: string },
): Promise<void> {
  const terminal = openTerminal(json === true);
  const { requireFolderOf } = await import('../../app/named-paths.ts');
  await requireFolderOf(out);
  const { currentDeployment, storeOf } = await import('../../app/connections.ts');
  const { exportNnUNet } = await import('../../app/datasets/export-nnunet.ts');
  const written = await exportNnUNet(
    { training: dataset, test, out },
    async () => storeOf(await currentDeployment()),
    (done, total) => {
      if (terminal.interactive) terminal.redraw([`wrote ${done} of ${total} videos`]);
    },
  );
  const { problems, ...counts } = written;
  terminal.printJson({ dataset, out, ...counts, ...(problems.length > 0 && { problems }) });
  const labels = Object.entries(counts.labels).map(([name, label]) => `${label} ${name}`);
  const videos = `${counted(counts.training, 'training video')} and ${counted(counts.test, 'test video')}`;
  terminal.print(`${out}: ${videos}; labels ${labels.join(', ')}`);
  if (problems.length === 0) return;
  for (const problem of problems) terminal.note(`echoloop: ${problemText(problem)}`);
  throw new FinishedWith(3);
}
