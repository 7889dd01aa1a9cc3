/**
 * Gathers the report of a run out of the store: numbers from its result, curves and pictures from what its stages
 * left.
 */
import type { LabelCounts } from '../contracts/messages.ts';
import type { ChangeIntervals, PolicyResult, PromotionResult } from '../contracts/results.ts';
import type { RunConfig } from '../contracts/run-config.ts';
import { readGreyNifti, readLabelNifti } from '../datasets/nifti.ts';
import type { LabelVideo } from '../imaging/image.ts';
import { datasetKeys, runKeys } from '../storage/keys.ts';
import type { ObjectStore } from '../storage/store.ts';
import { encodeContactSheet } from './contact-sheet.ts';
import { dataUri } from './data-uri.ts';
import { headlineSides } from './headline.ts';
import { encodeOverlayGif } from './overlay-gif.ts';
import type { ReportInput, ReportPicture } from './report-data.ts';
import { storedBytes } from './stored-bytes.ts';
import { trainingCurves } from './training-curves.ts';

export interface RunReportSource {
  readonly run: string;
  readonly config: RunConfig;
  readonly codeVersion: string;
  /** The policy before the adaptation first. */
  readonly policies: readonly PolicyResult[];
  readonly best: PolicyResult;
  /** One entry per iteration. */
  readonly labels: readonly LabelCounts[];
  readonly quarantined: number;
  /** Ids of the held-out target videos. */
  readonly testVideos: readonly string[];
  readonly promotion?: PromotionResult | undefined;
  /** From the first policy to the best, on test videos. */
  readonly change?: ChangeIntervals | undefined;
  /** From the first policy segmented as published to the best, on test videos. */
  readonly changeFromPlain?: ChangeIntervals | undefined;
}

const picturedVideos = 2;

/**
 * The same run gives the same report, byte for byte: it holds no time of its own.
 * @throws DomainError ChecksumMismatch when an object that it shows is damaged.
 */
export async function collectRunReport(store: ObjectStore, source: RunReportSource): Promise<ReportInput> {
  const { run, config, policies, best } = source;
  const before = policies.find((policy) => policy.iteration === 0);
  return {
    run,
    codeVersion: source.codeVersion,
    config: {
      preset: config.preset,
      seed: config.seed,
      iterations: config.iterations,
      source: config.source,
      target: config.target,
      settings: settingsOf(config),
    },
    ...headlineSides(source),
    ...(source.promotion ? { promotion: source.promotion } : {}),
    curves: await trainingCurves(store, run, config.iterations),
    pictures: before ? await pictures(store, source, before.iteration) : [],
    labelling: source.labels.map(({ kept, corrected, rejected }, index) => ({
      iteration: index + 1,
      kept,
      corrected,
      rejected,
    })),
    quarantine: { videos: source.quarantined, folder: runKeys.quarantines(run) },
    artefacts: policies.map(({ iteration, policy }) => ({
      name: `Policy ${iteration === 0 ? 'before adaptation' : `of iteration ${iteration}`}${iteration === best.iteration ? ' (kept)' : ''}`,
      key: policy.key,
      sha256: policy.sha256,
    })),
  };
}

/** Videos spread over the test set by their order, not chosen by their result. */
async function pictures(
  store: ObjectStore,
  { run, config, best, testVideos }: RunReportSource,
  first: number,
): Promise<ReportPicture[]> {
  const count = Math.min(picturedVideos, testVideos.length);
  const chosen = Array.from(
    { length: count },
    (_, i) => testVideos[Math.floor((i * testVideos.length) / count)]!,
  );
  const shown: ReportPicture[] = [];
  for (const id of chosen) {
    const bytes = await storedBytes(store, datasetKeys.video(config.target, id));
    if (!bytes) continue;
    const image = readGreyNifti(bytes, id);
    const before = await labelsAt(store, runKeys.prediction(run, first, 'test', id));
    const after = await labelsAt(store, runKeys.prediction(run, best.iteration, 'test', id));
    if (!before || !after) continue;
    const reference = await labelsAt(store, datasetKeys.labels(config.target, id));
    const rows = [before, after, ...(reference ? [reference] : [])].map((labels) => ({ image, labels }));
    const order = `Top: before. Second: after.${reference ? ' Third: reference.' : ''}`;
    const sheet = dataUri(encodeContactSheet(rows), 'image/png');
    shown.push(
      {
        title: `Held-out video ${id}`,
        caption: `${order} Frames spread over the clip.`,
        alt: `Segmentation of ${id} before and after the adaptation`,
        uri: sheet,
      },
      {
        title: `${id}, after the adaptation`,
        caption: '',
        alt: `The clip ${id} playing with its segmentation after the adaptation`,
        uri: dataUri(encodeOverlayGif(image, after, { longestSide: 320 }), 'image/gif'),
        still: dataUri(
          encodeContactSheet([{ image, labels: after }], { columns: 1, longestSide: 320 }),
          'image/png',
        ),
      },
    );
  }
  return shown;
}

async function labelsAt(store: ObjectStore, key: string): Promise<LabelVideo | undefined> {
  const bytes = await storedBytes(store, key);
  return bytes && readLabelNifti(bytes, key);
}

/** Nested fields as `ppo.epochs`, for a flat table. */
function settingsOf(config: RunConfig): { name: string; value: string }[] {
  const rows: { name: string; value: string }[] = [];
  const walk = (value: unknown, name: string) => {
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
      for (const [key, inner] of Object.entries(value)) walk(inner, name === '' ? key : `${name}.${key}`);
    } else rows.push({ name, value: typeof value === 'string' ? value : JSON.stringify(value) });
  };
  walk(config, '');
  return rows;
}
