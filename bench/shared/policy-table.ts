/**
 * Policies side by side: one row for each policy in each way of segmenting, means with 95 % bootstrap intervals over
 * patients (and seeds), and the paired difference of every row from its control.
 */
import { randomStream } from '../../ground/random.ts';
import { nestedBootstrapMean } from '../../metrics/nested-bootstrap.ts';
import type { Interval } from '../../metrics/statistics.ts';
import type { MeasureName, ScoredVideo } from './scored-video.ts';

/** What one policy is on the videos of all seeds, segmented in one way. */
export interface TableRow {
  readonly policy: string;
  /** How it segments, such as `full` or `full + TTO`. */
  readonly way: string;
  /** What it is compared with, where that is not the control of the table. */
  readonly control?: { readonly policy: string; readonly way: string };
  readonly videos: readonly (ScoredVideo & { readonly seed: number })[];
}

const percent = (value: number): string => (100 * value).toFixed(1);
const plain =
  (digits: number) =>
  (value: number): string =>
    value.toFixed(digits);

const columns: Readonly<
  Record<MeasureName, { readonly title: string; readonly text: (value: number) => string }>
> = {
  dice: { title: 'Dice %', text: percent },
  lvDice: { title: 'LV Dice %', text: percent },
  myoDice: { title: 'MYO Dice %', text: percent },
  lvDiceAtEd: { title: 'LV Dice at ED %', text: percent },
  lvDiceAtEs: { title: 'LV Dice at ES %', text: percent },
  hausdorffMm: { title: 'Hausdorff mm', text: plain(2) },
  cornerMm: { title: 'corner mm', text: plain(2) },
  mistakesPerCycle: { title: 'mistakes per cycle', text: plain(2) },
  anatomicallyValid: { title: 'anatomically valid %', text: percent },
  temporallyValid: { title: 'temporally valid %', text: percent },
  temporallyValidAtFrameRate: { title: 'at the frame rate %', text: percent },
  invalidFrames: { title: 'invalid frames %', text: percent },
  flaggedFrames: { title: 'flagged frames', text: plain(2) },
};

/** Few loops that are lost wholly weigh much in its mean. */
const MEDIAN_OF = 'lvDice';

/** The measures that any of the rows has, in the order of the columns. */
function measuresIn(rows: readonly TableRow[]): MeasureName[] {
  return (Object.keys(columns) as MeasureName[]).filter((name) =>
    rows.some(({ videos }) => videos.some(({ measures }) => measures[name] !== undefined)),
  );
}

/** Mean of a measure over the videos that have it; undefined where none has. */
export function meanOf({ videos }: TableRow, measure: MeasureName): Interval | undefined {
  const values = videos.flatMap(({ seed, patient, measures }) => {
    const value = measures[measure];
    return value === undefined ? [] : [{ seed, patient, value }];
  });
  return values.length > 0 ? nestedBootstrapMean(values, randomStream(0, 'table', measure)) : undefined;
}

/**
 * Mean of row - control over the videos of both, each video against itself; undefined where no video has the measure
 * in both.
 */
export function differenceOf(row: TableRow, control: TableRow, measure: MeasureName): Interval | undefined {
  const nameOf = ({ seed, id }: TableRow['videos'][number]) => `${seed}/${id}`;
  const known = new Map(control.videos.map((video) => [nameOf(video), video.measures[measure]]));
  const values = row.videos.flatMap((video) => {
    const [is, was] = [video.measures[measure], known.get(nameOf(video))];
    return is === undefined || was === undefined
      ? []
      : [{ seed: video.seed, patient: video.patient, value: is - was }];
  });
  return values.length > 0 ? nestedBootstrapMean(values, randomStream(0, 'difference', measure)) : undefined;
}

/**
 * What a row is compared with: what it says itself, or the control of the table segmented in the same way; the
 * control's own rows with its plain one.
 */
export function controlOf(row: TableRow, rows: readonly TableRow[], control: string): TableRow | undefined {
  const way = row.policy === control ? 'plain' : row.way;
  const wanted = row.control ?? { policy: control, way };
  const found = rows.find((one) => one.policy === wanted.policy && one.way === wanted.way);
  return found === row ? undefined : found;
}

/** Both tables in Markdown: means, and differences from the control named, which is the policy `source` mostly. */
export function tablesText(rows: readonly TableRow[], control: string): string {
  const measures = measuresIn(rows);
  const titles = measures.map((name) => columns[name].title);
  const withMedian = measures.includes(MEDIAN_OF);
  const means = rows.map((row) => [
    row.policy,
    row.way,
    String(row.videos.length),
    ...measures.map((name) => cell(meanOf(row, name), columns[name].text)),
    ...(withMedian ? [columns[MEDIAN_OF].text(medianOf(row, MEDIAN_OF))] : []),
  ]);
  const differences = rows.flatMap((row) => {
    const against = controlOf(row, rows, control);
    if (!against) return [];
    const cells = measures.map((name) => cell(differenceOf(row, against, name), signed(columns[name].text)));
    return [[`${row.policy} - ${against.policy}`, `${row.way} - ${against.way}`, ...cells]];
  });
  const medianTitle = withMedian ? [`${columns[MEDIAN_OF].title}, median`] : [];
  return [
    markdown(['policy', 'segmented', 'videos', ...titles, ...medianTitle], means),
    ...(differences.length > 0 ? [markdown(['difference', 'segmented', ...titles], differences)] : []),
  ].join('\n\n');
}

/** NaN where no video has the measure. */
export function medianOf({ videos }: TableRow, measure: MeasureName): number {
  const sorted = videos.flatMap(({ measures }) => measures[measure] ?? []).sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return (sorted[middle]! + sorted[sorted.length % 2 === 1 ? middle : middle - 1]!) / 2;
}

function cell(interval: Interval | undefined, text: (value: number) => string): string {
  return interval ? `${text(interval.mean)} (${text(interval.low)} to ${text(interval.high)})` : '';
}

const signed =
  (text: (value: number) => string) =>
  (value: number): string => {
    const shown = text(Math.abs(value));
    if (Number(shown) === 0) return shown;
    return value > 0 ? `+${shown}` : `-${shown}`;
  };

function markdown(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}
