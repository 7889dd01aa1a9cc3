/**
 * What decides whether a part of the method does what it is for: one continuous measure each, and the arm that it is
 * compared with, chosen before anything was run. Validity of whole videos needs many more of them to see as much.
 */
import { differenceOf, type TableRow } from '../shared/policy-table.ts';
import type { MeasureName } from '../shared/scored-video.ts';
import {
  armOf,
  CLEANING_RULE,
  type FineTunedBy,
  type Objective,
  objectives,
  type Part,
  SOURCE,
} from './arms.ts';

interface Endpoint {
  readonly claim: string;
  readonly part: Part;
  /** The arm before it, or its control. */
  readonly against: FineTunedBy | typeof SOURCE;
  /** It is to be lower. */
  readonly measure: MeasureName;
}

const endpoints: readonly Endpoint[] = [
  {
    claim: 'the anatomical reward lowers the share of invalid frames',
    part: 'anatomical reward',
    against: SOURCE,
    measure: 'invalidFrames',
  },
  {
    claim: 'and lowers it more than the cleaning rule as the only reward',
    part: 'anatomical reward',
    against: CLEANING_RULE,
    measure: 'invalidFrames',
  },
  {
    claim: 'the landmark reward lowers the distance of corners, mm',
    part: '+ landmark reward',
    against: 'anatomical reward',
    measure: 'cornerMm',
  },
  {
    claim: 'the temporal penalty lowers the count of flagged frames',
    part: '+ temporal penalty',
    against: '+ landmark reward',
    measure: 'flaggedFrames',
  },
];

/** Plain segmentation decides; full inference says what is left of it there. */
const ways = ['plain', 'full'] as const;

/** One line for each endpoint, objective and way in the rows: the paired difference, and whether it shows the claim. */
export function endpointsText(rows: readonly TableRow[]): string {
  const lines = objectives.flatMap((objective) =>
    endpoints.flatMap((endpoint) => ways.flatMap((way) => line(rows, objective, endpoint, way))),
  );
  return [
    '| objective | endpoint | segmented | difference | shown |',
    '| --- | --- | --- | --- | --- |',
    ...lines,
  ].join('\n');
}

function line(
  rows: readonly TableRow[],
  objective: Objective,
  { claim, part, against, measure }: Endpoint,
  way: (typeof ways)[number],
): string[] {
  const find = (policy: string) => rows.find((row) => row.policy === policy && row.way === way);
  const arm = find(armOf(objective, part));
  const control = find(against === SOURCE ? SOURCE : armOf(objective, against));
  const difference = arm && control && differenceOf(arm, control, measure);
  if (!difference) return [];
  const { mean, low, high } = difference;
  const text = `${mean.toFixed(4)} (${low.toFixed(4)} to ${high.toFixed(4)})`;
  return [`| ${objective} | ${claim} | ${way} | ${text} | ${high < 0 ? 'yes' : 'no'} |`];
}
