/**
 * What the table is to show, as paired differences: chosen before any table was made, so that it can say no. Those over
 * time came after the first seed on which shapes had made every video anatomically valid, before any other ended; those
 * of the ventricle's Dice before any table of several seeds on real echo.
 */
import { isBetter, type MeasureName, tableMeasures } from '../../comparison/table/measures.ts';
import { randomStream } from '../../ground/random.ts';
import { nestedBootstrapMean } from '../../metrics/nested-bootstrap.ts';
import type { Interval } from '../../metrics/statistics.ts';
import type { KeptComparison } from './kept.ts';

interface Claim {
  readonly claim: string;
  /** The row that is to be better, and that which it is to be better than. */
  readonly row: string;
  readonly against: string;
  readonly measure: MeasureName;
}

const claims: readonly Claim[] = [
  {
    claim: 'windows over time leave fewer flagged frames than single frames',
    row: 'rl4seg3d',
    against: 'rl4seg-2d',
    measure: 'flaggedFrames',
  },
  {
    claim: 'and do so without a mean over time or shapes at inference',
    row: 'rl4seg3d-plain',
    against: 'rl4seg-2d-plain',
    measure: 'flaggedFrames',
  },
  {
    claim: 'adaptation makes more videos valid than the source alone',
    row: 'rl4seg3d-plain',
    against: 'unet3d-plain',
    measure: 'anatomicalValidity',
  },
  {
    claim: 'adaptation adds to full inference',
    row: 'rl4seg3d',
    against: 'unet3d',
    measure: 'anatomicalValidity',
  },
  {
    claim: 'adaptation adds to full inference, over time',
    row: 'rl4seg3d',
    against: 'unet3d',
    measure: 'temporalValidity',
  },
  {
    claim: 'adaptation by reward makes more videos valid than self-training',
    row: 'rl4seg3d',
    against: 'self-training',
    measure: 'anatomicalValidity',
  },
  {
    claim: 'adaptation by reward adds to what self-training does, over time',
    row: 'rl4seg3d',
    against: 'self-training',
    measure: 'temporalValidity',
  },
  {
    claim: 'adaptation adds to full inference, in the ventricle',
    row: 'rl4seg3d',
    against: 'unet3d',
    measure: 'diceLv',
  },
  {
    claim: 'adaptation by reward adds to what self-training does, in the ventricle',
    row: 'rl4seg3d',
    against: 'self-training',
    measure: 'diceLv',
  },
  {
    claim: 'test-time optimisation makes more videos valid',
    row: 'rl4seg3d-tto',
    against: 'rl4seg3d',
    measure: 'anatomicalValidity',
  },
  {
    claim: 'test-time optimisation makes more videos valid over time',
    row: 'rl4seg3d-tto',
    against: 'rl4seg3d',
    measure: 'temporalValidity',
  },
  {
    claim: 'and with it more than self-training',
    row: 'rl4seg3d-tto',
    against: 'self-training',
    measure: 'temporalValidity',
  },
];

/**
 * One line for each claim whose rows are there: the difference with its 95 % interval, and whether it is shown. Empty
 * without any.
 */
export function claimsText(kept: readonly KeptComparison[]): string {
  const lines = claims.flatMap(({ claim, row, against, measure: name }) => {
    const measure = tableMeasures.find((one) => one.name === name)!;
    const found = differenceOf(kept, row, against, measure.of);
    if (!found) return [];
    const { mean, low, high } = found;
    const shown = [low, high].every((end) => isBetter(measure, end, 0));
    const text = `${mean.toFixed(3)} (${low.toFixed(3)} to ${high.toFixed(3)})`;
    return [`| ${claim} | ${measure.title} | ${row} - ${against} | ${text} | ${shown ? 'yes' : 'NO'} |`];
  });
  if (lines.length === 0) return '';
  return [
    '| claim | measure | rows | difference, 95 % | shown |',
    '| --- | --- | --- | --- | --- |',
    ...lines,
  ].join('\n');
}

/** Each video against itself; undefined where a row is not there or no video has the measure in both. */
function differenceOf(
  kept: readonly KeptComparison[],
  row: string,
  against: string,
  of: (typeof tableMeasures)[number]['of'],
): Interval | undefined {
  const values = kept.flatMap(({ table, scores, studies }) => {
    const theirs = new Map(scores[against]?.map((score) => [score.id, of(score)]));
    return (scores[row] ?? []).flatMap((score) => {
      const [is, was] = [of(score), theirs.get(score.id)];
      if (is === undefined || was === undefined) return [];
      return [{ seed: table.seeds[0]!, patient: studies[score.id] ?? score.id, value: is - was }];
    });
  });
  if (values.length === 0) return undefined;
  return nestedBootstrapMean(values, randomStream(0, 'claim', row, against));
}
