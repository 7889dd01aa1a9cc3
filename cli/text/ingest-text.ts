/** What `ingest` says: how far it is, what became of every file, and the sum of it. */
import type { IngestedVideo, IngestOutcome, IngestProgress } from '../../app/datasets/ingest-videos.ts';
import { problemText } from '../../app/file-problem.ts';
import type { IngestPlan } from '../../datasets/collections/plan.ts';
import { counted } from '../../ground/counted.ts';

/** Lines of skipped files that are printed; --json has them all. */
const MOST_SKIPPED = 20;
const MEBIBYTE = 1024 ** 2;

export interface Rate {
  readonly seconds: number;
  readonly perSecond: number;
  readonly mebibytesPerSecond: number;
}

export function rateOf(videos: number, bytes: number, seconds: number): Rate {
  const rounded = (value: number) => Number((seconds > 0 ? value / seconds : 0).toPrecision(3));
  return {
    seconds: Number(seconds.toFixed(1)),
    perSecond: rounded(videos),
    mebibytesPerSecond: rounded(bytes / MEBIBYTE),
  };
}

function durationText(seconds: number): string {
  if (seconds < 90) return `${Math.round(seconds)} s`;
  return seconds < 5400 ? `${Math.round(seconds / 60)} min` : `${(seconds / 3600).toFixed(1)} h`;
}

/** Done, rate, and how long the rest will take at it. */
export function progressText({ done, total, quarantined, bytes }: IngestProgress, seconds: number): string {
  const { perSecond, mebibytesPerSecond } = rateOf(done, bytes, seconds);
  const aside = quarantined > 0 ? `, ${quarantined} quarantined` : '';
  const rest = done < total && done > 0 ? `, ${durationText(((total - done) * seconds) / done)} left` : '';
  return `${done} of ${total} videos${aside}, ${perSecond} videos/s, ${mebibytesPerSecond} MiB/s${rest}`;
}

/** A line for every video, with what is worth a look below it. */
export function outcomeLines({ accepted, quarantined }: IngestOutcome): string[] {
  return [
    ...accepted.flatMap(({ file, id, notes, isKnown }) => [
      `${isKnown ? 'known   ' : 'accepted'}     ${file} as ${id}`,
      ...notes.map((note) => `             ${note}`),
    ]),
    ...quarantined.map((problem) => `quarantined  ${problemText(problem)}`),
  ];
}

export function skippedLines(skipped: IngestPlan['skipped']): string[] {
  const lines = skipped.slice(0, MOST_SKIPPED).map(({ file, reason }) => `skipped      ${file}: ${reason}`);
  const more = skipped.length - MOST_SKIPPED;
  return more > 0 ? [...lines, `skipped      ${more} more`] : lines;
}

export function summaryLines(
  dataset: string,
  { collection, skipped }: Pick<IngestPlan, 'collection' | 'skipped'>,
  { accepted, quarantined, left }: IngestOutcome,
): string[] {
  const known = accepted.filter(({ isKnown }) => isKnown).length;
  const labelled = accepted.filter((video) => video.labelled).length;
  const studies = new Set(accepted.map(({ study }) => study)).size;
  return [
    `${accepted.length} accepted${known > 0 ? ` (${known} of them known)` : ''}, ${quarantined.length} quarantined, ` +
      `${counted(skipped.length, 'file')} skipped in dataset ${dataset} (read as ${collection})`,
    `${labelled} with a reference, ${accepted.length - labelled} without; ${counted(studies, 'patient')}. ${levelsText(accepted)}`,
    ...(left > 0
      ? [`Stopped with ${counted(left, 'video')} left: the same command again goes on from here.`]
      : []),
  ];
}

function levelsText(accepted: readonly IngestedVideo[]): string {
  if (accepted.length === 0) return 'Nothing was stored.';
  const losing = accepted.filter(({ facts }) => facts.keptLevels < facts.distinctLevels);
  if (losing.length === 0) return 'All grey levels were kept.';
  const shares = losing.map(({ facts }) => facts.keptLevels / facts.distinctLevels);
  return `Grey levels were lost in ${losing.length}; ${(100 * Math.min(...shares)).toFixed(0)} % kept at least.`;
}
