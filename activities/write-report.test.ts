import { expect, it } from 'vitest';
import { generatePhantom } from '../datasets/phantom/phantom.ts';
import { scoreVideo } from '../metrics/score-video.ts';
import { summarise } from '../metrics/summary.ts';
import { runKeys } from '../storage/keys.ts';
import { tinyConfig, tinyWorld } from '../test/orchestration/tiny-run.ts';
import { writeJson } from './artefacts/json-artefact.ts';
import type { ActivityContext } from './context.ts';
import { writeReport } from './write-report.ts';

const { labels } = generatePhantom({ domain: 'source', seed: 1, index: 0 });
const short = { ...labels, frames: 2, labels: labels.labels.slice(0, 2 * labels.rows * labels.columns) };
const scored = scoreVideo('v', short, short);

/** Of two test videos, each of a patient of its own. */
function evaluation(dice: number) {
  const videos = ['a', 'b'].map((id) => ({
    ...scored,
    id,
    dice: { lv: dice, myo: dice, epi: dice, mean: dice },
  }));
  return { videos, summary: summarise(videos) };
}

/** A run whose first policy has a Dice of 0.8 (0.7 as published) and whose second one of 0.85. */
async function finishedRun(context: ActivityContext) {
  const plan = {
    source: { train: [], validation: [], studies: {} },
    sweeps: [],
    validation: [],
    test: [['a', 'b']],
    studies: { a: 'p', b: 'q' },
  };
  const policy = async (iteration: number, evaluations: object) => ({
    iteration,
    policy: await writeJson(context, runKeys.policy('r', iteration), {}, []),
    evaluation: await writeJson(context, runKeys.evaluation('r', iteration), evaluations, []),
  });
  const policies = [
    await policy(0, { test: evaluation(0.8), plain: evaluation(0.7) }),
    await policy(1, { test: evaluation(0.85) }),
  ] as const;
  return {
    run: 'r',
    config: await writeJson(context, runKeys.config('r'), tinyConfig(), []),
    plan: await writeJson(context, runKeys.plan('r'), plan, []),
    policies: [...policies],
    labels: [],
    quarantined: 0,
  };
}

it('tells the changes from the first policy to the best, and none of the first from itself', async () => {
  const context = tinyWorld().context();
  const input = await finishedRun(context);
  const { change, changeFromPlain } = await writeReport({ ...input, best: input.policies[1]! }, context);
  const about = (value: number) => ({ low: expect.closeTo(value, 12), high: expect.closeTo(value, 12) });
  expect(change?.dice).toEqual(about(0.05));
  expect(changeFromPlain?.dice).toEqual(about(0.15));
  const first = await writeReport({ ...input, best: input.policies[0]! }, context);
  expect(first.change).toBeUndefined();
  expect(first.changeFromPlain?.dice).toEqual(about(0.1));
});
