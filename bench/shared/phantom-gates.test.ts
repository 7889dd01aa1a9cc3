import { expect, test } from 'vitest';
import { type PhantomResult, phantomFigures, phantomGates } from './phantom-gates.ts';

const fine = { anatomy: true, time: true, timeAtFrameRate: true };
const jumps = { anatomy: true, time: false, timeAtFrameRate: false };
const torn = { anatomy: false, time: true, timeAtFrameRate: true };
const result = (plain: PhantomResult['plain'], more: Partial<PhantomResult> = {}): PhantomResult => ({
  plain,
  cleaned: plain,
  dice: 0.9,
  misplacedMm: [],
  ...more,
});

test('failing videos are those that fail in either sense; repairs and failures in time alone are shares of them', () => {
  const figures = phantomFigures([
    result(fine),
    result(jumps, { misplacedMm: [6, 9] }),
    result(torn, { cleaned: fine, misplacedMm: [40] }),
    result(torn, { dice: 0.7 }),
  ]);
  expect(figures).toEqual({
    anatomy: 0.5,
    time: 0.75,
    timeAtFrameRate: 0.75,
    dice: expect.closeTo(0.85, 12),
    anatomyCleaned: 0.75,
    timeCleaned: 0.75,
    repairedByCleaning: expect.closeTo(1 / 3, 12),
    failingInTimeAlone: expect.closeTo(1 / 3, 12),
    medianMisplacedMm: 9,
  });
});

test('a gate is met within its range, ends included, and never by a figure that could not be taken', () => {
  const figures = phantomFigures([result(fine), result(jumps, { misplacedMm: [20] })]);
  const gates = phantomGates({
    truth: [fine, jumps],
    supervised: phantomFigures([result(fine)]),
    source: figures,
  });
  const met = (name: string) => gates.find((gate) => gate.name.startsWith(name))!.met;
  expect(met('truth: anatomically')).toBe(true);
  expect(met('truth: temporally valid')).toBe(false);
  expect(met('supervised on the target: temporally')).toBe(true);
  expect(met('source policy: temporally')).toBe(true);
  expect(met('source policy: anatomically')).toBe(false);
  expect(met('source policy: median')).toBe(true);
  const perfect = phantomFigures([result(fine)]);
  expect(
    phantomGates({ truth: [fine], supervised: perfect, source: perfect }).filter((gate) => !gate.met),
  ).toHaveLength(5);
});
