/** `echoloop ingest`: a hospital's own videos into a dataset. */
import type { Command } from 'commander';
import { problemText } from '../../app/file-problem.ts';
import { defineCommand, oneOf, positiveNumber } from '../command.ts';
import { FinishedWith } from '../failure.ts';
import { openTerminal } from '../terminal.ts';

interface IngestCommandOptions {
  readonly dataset: string;
  readonly labels?: string;
  readonly split?: 'train' | 'val' | 'test' | 'pred';
  readonly view: string;
  readonly keepNames?: boolean;
  readonly spacingMm?: number;
  readonly frameTimeMs?: number;
  readonly json?: boolean;
}

export function ingestCommand(): Command {
  return defineCommand(
    'ingest <path...>',
    'Read, check, convert and store videos (NIfTI, DICOM; files or folders). Only pixels, spacing and frame time are kept.',
    'echoloop ingest exports/ --dataset hospital\necholoop ingest camus/videos --labels camus/masks --dataset annotated --keep-names',
  )
    .requiredOption('--dataset <name>', 'dataset in the store; made when it is absent')
    .option(
      '--labels <dir>',
      'folder with masks of the same file names (NIfTI); videos without one are unlabelled',
    )
    .option(
      '--split <split>',
      'train, val, test or pred for all of them; drawn 80/10/10 by video when left out',
      oneOf(['train', 'val', 'test', 'pred'] as const),
    )
    .option('--view <view>', 'view of the heart, such as a4c or a2c', 'a4c')
    .option('--spacing-mm <mm>', 'pixel size of DICOM files whose header has none', positiveNumber)
    .option(
      '--frame-time-ms <ms>',
      'time from frame to frame of DICOM files whose header has none',
      positiveNumber,
    )
    .option('--keep-names', 'use file names as ids; only for names without patient data')
    .action(ingest);
}

async function ingest(paths: string[], options: IngestCommandOptions): Promise<void> {
  const terminal = openTerminal(options.json === true);
  const { checkedName } = await import('../../storage/keys.ts');
  const dataset = checkedName('dataset', options.dataset);
  const { findVideos } = await import('../../app/datasets/find-videos.ts');
  const { requirePaths } = await import('../../app/named-paths.ts');
  const named = options.labels === undefined ? paths : [...paths, options.labels];
  await requirePaths(named, 'DatasetInvalid', 'Check the path: nothing was stored.');
  const files = await findVideos(paths);
  const { currentDeployment, storeOf } = await import('../../app/connections.ts');

  const { ingestVideos } = await import('../../app/datasets/ingest-videos.ts');
  const { accepted, quarantined } = await ingestVideos(storeOf(await currentDeployment()), files, {
    dataset,
    keepNames: options.keepNames === true,
    view: options.view,
    geometry: {
      ...(options.spacingMm === undefined
        ? {}
        : { spacingMm: [options.spacingMm, options.spacingMm] as const }),
      ...(options.frameTimeMs === undefined ? {} : { frameTimeMs: options.frameTimeMs }),
    },
    labelsFolder: options.labels,
    split: options.split,
    onDone: (done) => {
      if (terminal.interactive || done === files.length)
        terminal.redraw([`${done} of ${files.length} videos`]);
    },
  });
  terminal.printJson({ dataset, accepted, quarantined });
  for (const { file, id } of accepted) terminal.print(`accepted     ${file} as ${id}`);
  for (const problem of quarantined) terminal.print(`quarantined  ${problemText(problem)}`);
  terminal.print(`${accepted.length} accepted, ${quarantined.length} quarantined in dataset ${dataset}`);
  if (accepted.length === 0) {
    if (terminal.json) for (const problem of quarantined) terminal.note(`echoloop: ${problemText(problem)}`);
    throw new FinishedWith(3);
  }
}
