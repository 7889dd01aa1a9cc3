/** What `bench real` found of a policy, as one JSON document and as tables for people. */
import { textTable } from '../../cli/text/text-table.ts';
import type { Interval } from '../../metrics/statistics.ts';
import type { PolicyScores, Scored } from './score.ts';
import { type Inference, inferences } from './segment.ts';
import { type LoopsSummary, type Measured, summariseLoops } from './summary.ts';

export interface RealReport {
  readonly name: string;
  /** Wall time of scoring, and of the process. */
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly scores: PolicyScores;
}

/** Groups of loops, each plain and with full inference. */
export function summaries({ source, target, others }: PolicyScores) {
  const both = (scored: Scored, choose: (score: Scored[Inference][number]) => boolean = () => true) =>
    Object.fromEntries(
      inferences.map((inference) => [inference, summariseLoops(scored[inference].filter(choose))]),
    ) as Record<Inference, LoopsSummary>;
  return {
    'CAMUS test patients': both(source),
    'EchoNet test loops': both(target),
    'of these recorded loops': both(target, ({ recorded }) => recorded),
    ...(others && {
      'all annotated EchoNet loops': both({
        plain: [...target.plain, ...others.plain].filter(({ lv }) => lv),
        full: [...target.full, ...others.full].filter(({ lv }) => lv),
      }),
    }),
  };
}

const percent = (value: number): string => (100 * value).toFixed(1);
const mm = (value: number): string => value.toFixed(1);

function cell(measure: Interval | Measured | undefined, text: (value: number) => string): string {
  if (!measure) return '-';
  const { mean, low, high } = measure;
  return `${text(mean)} (${text(low)}-${text(high)})`;
}

function line(name: string, inference: Inference, summary: LoopsSummary): string[] {
  const median = summary.lv ? percent(summary.lv.median) : '-';
  return [
    `${name}, ${inference}`,
    String(summary.loops),
    cell(summary.lv, percent),
    median,
    cell(summary.lvAtEd, percent),
    cell(summary.lvAtEs, percent),
    cell(summary.myo, percent),
    cell(summary.hausdorffMm, mm),
    cell(summary.anatomicallyValid, percent),
    cell(summary.temporallyValid, percent),
    cell(summary.flaggedFrames, mm),
  ];
}

/** Percent and mm; means with 95 % bootstrap intervals over patients. */
export function reportText({ name, seconds, cpuSeconds, scores }: RealReport): string {
  const rows = Object.entries(summaries(scores)).flatMap(([group, both]) =>
    inferences.map((inference) => line(group, inference, both[inference])),
  );
  return [
    `${name}: scored in ${seconds.toFixed(0)} s, ${cpuSeconds.toFixed(0)} s of processor time`,
    textTable(
      [
        'loops',
        'n',
        'LV Dice %',
        'median',
        'at ED',
        'at ES',
        'MYO Dice %',
        'Hausdorff mm',
        'anatomically valid %',
        'temporally valid %',
        'flagged frames',
      ],
      rows,
    ),
  ].join('\n\n');
}
