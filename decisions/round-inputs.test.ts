import { expect, it } from 'vitest';
import type { MergeRoundResult } from '../contracts/round-activities.ts';
import type { RoundsSoFar, RoundsTask } from '../contracts/stages.ts';
import type { ArtefactRef } from '../ground/artefact-ref.ts';
import { isOver, mergeInput, partInput } from './round-inputs.ts';

const ref = (key: string): ArtefactRef => ({ key, sha256: 'ab'.repeat(32), bytes: 1 });
const refs = { run: 'a', config: ref('config'), plan: ref('plan') };
const local = (worker: number) => ({ local: ref(`local-${worker}`), curve: ref('curve'), steps: 5 });
const locals = [local(0), local(1)];
const nothing: RoundsSoFar = { done: 0, locals: [] };
const after = (done: number, merged: Partial<MergeRoundResult>): RoundsSoFar => ({
  done,
  locals,
  merged: { momentum: ref('momentum'), curve: ref('round'), ...merged },
});

const pretraining: RoundsTask = {
  start: { ...refs, training: 'pretraining' },
  workers: 2,
  rounds: 3,
  steps: 5,
};
const rewardFit: RoundsTask = {
  start: { ...refs, training: 'reward-fit', iteration: 2, rateFactor: 0.3 },
  workers: 2,
  rounds: 3,
};

it("begins from what the training begins from, and goes on from what was merged and from the worker's own part", () => {
  expect(partInput(pretraining, nothing, 1)).toEqual({ ...pretraining.start, round: 1, worker: 1, steps: 5 });
  const later = after(1, { policy: ref('merged'), average: ref('average') });
  const next = { ...pretraining.start, round: 2, policy: ref('merged') };
  expect(partInput(pretraining, later, 1)).toEqual({
    ...next,
    ...{ worker: 1, steps: 5, before: ref('local-1') },
  });
  expect(mergeInput(pretraining, later, locals)).toEqual({
    ...next,
    ...{ locals, momentum: ref('momentum'), average: ref('average') },
  });
});

it('says no steps to the rounds of a reward fit, which are epochs', () => {
  const later = after(1, { network: ref('merged') });
  const next = { ...rewardFit.start, round: 2, network: ref('merged') };
  expect(partInput(rewardFit, later, 0)).toEqual({ ...next, worker: 0, before: ref('local-0') });
  expect(mergeInput(rewardFit, later, locals)).toEqual({ ...next, locals, momentum: ref('momentum') });
});

it('keeps in sight which policy a fine-tuning started from', () => {
  const reward = { network: ref('reward'), temperature: 1 };
  const start = { ...refs, iteration: 1, policy: ref('first'), reference: ref('first'), reward };
  const task: RoundsTask = { start: { ...start, training: 'fine-tuning' }, workers: 2, rounds: 3, steps: 5 };
  const later = after(1, { policy: ref('merged'), critic: ref('critic') });
  expect(mergeInput(task, later, locals)).toMatchObject({
    start: ref('first'),
    policy: ref('merged'),
    critic: ref('critic'),
  });
});

it('is over after the last round, or when the training says so', () => {
  expect([nothing, after(2, {}), after(3, {})].map((soFar) => isOver(rewardFit, soFar))).toEqual([
    false,
    false,
    true,
  ]);
  expect(isOver(rewardFit, after(1, { ended: true }))).toBe(true);
});
