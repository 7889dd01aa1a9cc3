/** `echoloop ingest`: a hospital's own videos into a dataset. */
import type { Command } from 'commander';
import { type IngestReason, ingestReasons } from '../../app/datasets/ingest-reasons.ts';
import type { IngestedVideo, IngestOutcome } from '../../app/datasets/ingest-videos.ts';
import { problemText } from '../../app/file-problem.ts';
import type { IngestPlan } from '../../datasets/collections/plan.ts';
import type { LabelMap } from '../../datasets/nifti.ts';
import { defineCommand, oneOf, positiveNumber } from '../command.ts';
import { FinishedWith } from '../failure.ts';
import { labelMapping, readingOf } from '../reading-options.ts';
import { openTerminal, type Terminal } from '../terminal.ts';

interface IngestCommandOptions {
  readonly dataset: string;
  readonly labels?: string;
  readonly labelsMap?: LabelMap;
  readonly table?: string;
  readonly split?: 'train' | 'val' | 'test' | 'pred';
  readonly view: string;
  readonly keepNames?: boolean;
  readonly spacingMm?: number;
  readonly frameTimeMs?: number;
  readonly force: readonly IngestReason[];
  readonly json?: boolean;
}

/** With a larger share refused, what was stored is not what was meant: exit code 3. */
const mostRefused = 0.1;
/** Lines of one kind that are printed; --json has them all. */
const mostLines = 20;

export function ingestCommand(): Command {
  return defineCommand(
    'ingest <path...>',
    'Read, check, convert and store videos (NIfTI, DICOM, MetaImage, films; files, folders, CAMUS, EchoNet and nnU-Net releases). Only pixels, spacing and frame time are kept.',
    'echoloop ingest exports/ --dataset hospital\n' +
      'echoloop ingest CAMUS_public/database_nifti --dataset camus --keep-names\n' +
      'echoloop ingest EchoNet-Dynamic --dataset echonet --spacing-mm 1.66',
  )
    .requiredOption('--dataset <name>', 'dataset in the store; made when it is absent')
    .option(
      '--labels <dir>',
      'folder with masks of the same file names; without it masks are looked for beside the videos (_gt, _mask, labels/)',
    )
    .option(
      '--labels-map <pairs>',
      'labels of other conventions, such as 3=0 for an atrium that counts as background',
      labelMapping,
    )
    .option(
      '--table <file>',
      'CSV with the column file, and any of patient, view, split, labels, annotatedFrames, annotatedLabels',
    )
    .option(
      '--split <split>',
      'train, val, test or pred for all of them; as the release or table says, or drawn 80/10/10 by patient, when left out',
      oneOf(['train', 'val', 'test', 'pred'] as const),
    )
    .option('--view <view>', 'view of the heart where no name, release or table says it', 'a4c')
    .option('--spacing-mm <mm>', 'pixel size of files that state none, such as films', positiveNumber)
    .option('--frame-time-ms <ms>', 'time from frame to frame of files that state none', positiveNumber)
    .option(
      '--force <reason>',
      `take videos that this reason speaks against; repeat it for others: ${ingestReasons.join(', ')}`,
      (text: string, reasons: readonly IngestReason[]) => [...reasons, oneOf(ingestReasons)(text)],
      [],
    )
    .option('--keep-names', 'use file names as ids; only for names without patient data')
    .action(ingest);
}

async function ingest(paths: string[], options: IngestCommandOptions): Promise<void> {
  const terminal = openTerminal(options.json === true);
  const { checkedName } = await import('../../storage/keys.ts');
  const dataset = checkedName('dataset', options.dataset);
  const { planIngestion } = await import('../../app/datasets/plan-ingestion.ts');
  const { requirePaths } = await import('../../app/named-paths.ts');
  const { labels, table } = options;
  const named = [...paths, labels, table].filter((path) => path !== undefined);
  await requirePaths(named, 'DatasetInvalid', 'Check the path: nothing was stored.');
  const plan = await planIngestion({ paths, labels, table });
  const { currentDeployment, storeOf } = await import('../../app/connections.ts');
  const { ingestVideos } = await import('../../app/datasets/ingest-videos.ts');
  const total = plan.videos.length;
  const outcome = await ingestVideos(storeOf(await currentDeployment()), plan, {
    dataset,
    keepNames: options.keepNames === true,
    view: options.view,
    reading: await readingOf(options),
    force: options.force,
    labelMap: options.labelsMap,
    split: options.split,
    onDone: (done) => {
      if (terminal.interactive || done === total) terminal.redraw([`${done} of ${total} videos`]);
    },
  });
  printOutcome(terminal, dataset, plan, outcome);
  const { accepted, quarantined } = outcome;
  if (accepted.length > 0 && quarantined.length <= mostRefused * total) return;
  if (terminal.json) for (const problem of quarantined) terminal.note(`echoloop: ${problemText(problem)}`);
  throw new FinishedWith(3);
}

function printOutcome(terminal: Terminal, dataset: string, plan: IngestPlan, outcome: IngestOutcome): void {
  const { accepted, quarantined } = outcome;
  const { collection, skipped } = plan;
  const labelled = accepted.filter((video) => video.labelled).length;
  const unlabelled = accepted.length - labelled;
  terminal.printJson({
    dataset,
    collection,
    accepted,
    quarantined,
    skipped,
    pairs: { labelled, unlabelled },
  });
  for (const { file, id, notes } of accepted) {
    terminal.print(`accepted     ${file} as ${id}`);
    for (const note of notes) terminal.print(`             ${note}`);
  }
  for (const problem of quarantined) terminal.print(`quarantined  ${problemText(problem)}`);
  for (const { file, reason } of skipped.slice(0, mostLines))
    terminal.print(`skipped      ${file}: ${reason}`);
  if (skipped.length > mostLines) terminal.print(`skipped      ${skipped.length - mostLines} more`);
  const studies = new Set(accepted.map(({ study }) => study)).size;
  terminal.print(
    `${accepted.length} accepted, ${quarantined.length} quarantined, ${skipped.length} files skipped in dataset ${dataset} (read as ${collection})`,
  );
  terminal.print(
    `${labelled} with a reference, ${unlabelled} without; ${studies} patients. ${levelsText(accepted)}`,
  );
}

function levelsText(accepted: readonly IngestedVideo[]): string {
  const losing = accepted.filter(({ facts }) => facts.keptLevels < facts.distinctLevels);
  if (losing.length === 0) return 'All grey levels were kept.';
  const shares = losing.map(({ facts }) => facts.keptLevels / facts.distinctLevels);
  return `Grey levels were lost in ${losing.length}; ${(100 * Math.min(...shares)).toFixed(0)} % kept at least.`;
}
