/** `echoloop ingest`: a hospital's own videos into a dataset. */
import type { Command } from 'commander';
import { type IngestReason, ingestReasons } from '../../app/datasets/ingest-reasons.ts';
import type { IngestRequest } from '../../app/datasets/ingest-videos.ts';
import type { IngestPaths } from '../../app/datasets/plan-ingestion.ts';
import type { SourceFiles } from '../../app/datasets/source-files.ts';
import { problemText } from '../../app/file-problem.ts';
import type { LabelMap } from '../../datasets/nifti.ts';
import { defineCommand, nameOf, oneOf, positiveNumber } from '../command.ts';
import { FinishedWith } from '../failure.ts';
import { labelMapping, readingOf } from '../reading-options.ts';
import { openTerminal, type Terminal } from '../terminal.ts';
import { outcomeLines, progressText, rateOf, skippedLines, summaryLines } from '../text/ingest-text.ts';

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
  readonly retryQuarantine?: boolean;
  readonly watch?: boolean;
  readonly settleSeconds: number;
  readonly json?: boolean;
}

/** With a larger share refused, what was stored is not what was meant: exit code 3. */
const mostRefused = 0.1;

export function ingestCommand(): Command {
  return defineCommand(
    'ingest <path...>',
    'Read, check, convert and store videos (NIfTI, DICOM, MetaImage, films; files, folders, s3://bucket/prefix, CAMUS, EchoNet and nnU-Net releases). Only pixels, spacing and frame time are kept. What the dataset has is known by its content: the same command again goes on where it was ended.',
    'echoloop ingest exports/ --dataset hospital\n' +
      'echoloop ingest /data/from-pacs --dataset hospital --watch\n' +
      'echoloop ingest s3://archive/echo/2026 --dataset hospital\n' +
      'echoloop ingest CAMUS_public/database_nifti --dataset camus --keep-names\n' +
      'echoloop ingest EchoNet-Dynamic --dataset echonet --spacing-mm 1.66',
  )
    .requiredOption('--dataset <name>', 'dataset in the store; made when it is absent', nameOf('dataset'))
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
    .option('--retry-quarantine', 'try again what was set aside before, such as with a later version')
    .option(
      '--watch',
      'go on until Ctrl-C: look for further files, and take each once it has stopped growing',
    )
    .option(
      '--settle-seconds <s>',
      'with --watch: how long a file must stay as it is before it is taken',
      positiveNumber,
      10,
    )
    .option('--keep-names', 'use file names as ids; only for names without patient data')
    .action(ingest);
}

async function ingest(paths: string[], options: IngestCommandOptions): Promise<void> {
  const terminal = openTerminal(options.json === true);
  const { dataset, labels, table } = options;
  const places: IngestPaths = { paths, labels, table };
  await requireLocal([...paths, labels, table]);
  const { currentDeployment, storeOf } = await import('../../app/connections.ts');
  const { sourceFiles } = await import('../../app/datasets/source-files.ts');
  const sources = sourceFiles(async (bucket) => {
    const deployment = await currentDeployment();
    return storeOf({ ...deployment, s3: { ...deployment.s3, bucket } });
  });
  const request = {
    dataset,
    keepNames: options.keepNames === true,
    view: options.view,
    reading: await readingOf(givenOf(options)),
    force: options.force,
    labelMap: options.labelsMap,
    split: options.split,
    retryQuarantine: options.retryQuarantine,
    sources,
  };
  const openStore = async () => storeOf(await currentDeployment());
  const ending = endingSignal();
  try {
    if (options.watch)
      await watch(terminal, openStore, {
        ...request,
        places,
        ...ending,
        settleSeconds: options.settleSeconds,
      });
    else await ingestOnce(terminal, openStore, { ...request, places, ...ending });
  } finally {
    ending.forget();
  }
}

/** The reader's reasons to force are given with those of content, by the request. */
function givenOf({ spacingMm, frameTimeMs }: IngestCommandOptions) {
  return { ...(spacingMm !== undefined && { spacingMm }), ...(frameTimeMs !== undefined && { frameTimeMs }) };
}

async function requireLocal(named: readonly (string | undefined)[]): Promise<void> {
  const { requirePaths } = await import('../../app/named-paths.ts');
  const { isBucketPath } = await import('../../app/datasets/source-files.ts');
  const local = named.filter((path) => path !== undefined).filter((path) => !isBucketPath(path));
  await requirePaths(local, 'DatasetInvalid', 'Check the path: nothing was stored.');
}

interface Ending {
  readonly signal: AbortSignal;
  /** Gives the signals back to whoever had them. */
  readonly forget: () => void;
}

/** Aborted by the first Ctrl-C (or SIGTERM): what has begun is finished. A second one ends the process at once. */
function endingSignal(): Ending {
  const ending = new AbortController();
  const end = () => {
    forget();
    ending.abort();
  };
  const forget = () => {
    process.off('SIGINT', end).off('SIGTERM', end);
  };
  process.on('SIGINT', end).on('SIGTERM', end);
  return { signal: ending.signal, forget };
}

type Asked = IngestRequest & Ending & { readonly places: IngestPaths; readonly sources: SourceFiles };
type OpenStore = () => Promise<import('../../storage/store.ts').ObjectStore>;

async function ingestOnce(terminal: Terminal, openStore: OpenStore, asked: Asked): Promise<void> {
  const { planIngestion } = await import('../../app/datasets/plan-ingestion.ts');
  const { ingestVideos } = await import('../../app/datasets/ingest-videos.ts');
  const plan = await planIngestion(asked.places, asked.sources);
  const total = plan.videos.length;
  const started = performance.now();
  const seconds = () => (performance.now() - started) / 1000;
  const outcome = await ingestVideos(await openStore(), plan, {
    ...asked,
    onProgress: (progress) => {
      if (terminal.interactive || progress.done === total)
        terminal.redraw([progressText(progress, seconds())]);
    },
  });
  const { accepted, quarantined, left, bytes } = outcome;
  const { collection } = plan;
  const skipped = [...plan.skipped, ...outcome.skipped];
  const labelled = accepted.filter((video) => video.labelled).length;
  terminal.printJson({
    dataset: asked.dataset,
    collection,
    accepted,
    quarantined,
    skipped,
    pairs: { labelled, unlabelled: accepted.length - labelled },
    left,
    rate: rateOf(total - left, bytes, seconds()),
  });
  for (const line of [...outcomeLines(outcome), ...skippedLines(skipped)]) terminal.print(line);
  for (const line of summaryLines(asked.dataset, { collection, skipped }, outcome)) terminal.print(line);
  if (left > 0) throw new FinishedWith(1);
  if (accepted.length > 0 && quarantined.length <= mostRefused * total) return;
  if (terminal.json) for (const problem of quarantined) terminal.note(`echoloop: ${problemText(problem)}`);
  throw new FinishedWith(3);
}

async function watch(
  terminal: Terminal,
  openStore: OpenStore,
  { places, settleSeconds, ...asked }: Asked & { readonly settleSeconds: number },
): Promise<void> {
  const { watchFolder } = await import('../../app/datasets/watch-folder.ts');
  terminal.note(`watching ${places.paths.join(', ')} for dataset ${asked.dataset}; Ctrl-C ends it`);
  const started = performance.now();
  const totals = await watchFolder(await openStore(), {
    ...asked,
    paths: places,
    settleMs: 1000 * settleSeconds,
    onBatch: (outcome) => {
      for (const line of [...outcomeLines(outcome), ...skippedLines(outcome.skipped)]) terminal.print(line);
    },
    onSkipped: (skipped) => {
      for (const line of skippedLines(skipped)) terminal.print(line);
    },
    onTrouble: ({ message }) => terminal.note(`echoloop: ${message} It is tried again.`),
  });
  const seconds = (performance.now() - started) / 1000;
  terminal.printJson({ dataset: asked.dataset, watched: { ...totals, seconds: Number(seconds.toFixed(1)) } });
  terminal.print(
    `${totals.accepted} accepted, ${totals.quarantined} quarantined in dataset ${asked.dataset} while watching`,
  );
}
