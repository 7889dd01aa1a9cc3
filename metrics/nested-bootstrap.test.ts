import { expect, test } from 'vitest';
import { randomStream } from '../ground/random.ts';
import { type NestedValue, nestedBootstrapMean } from './nested-bootstrap.ts';
import { bootstrapMean } from './statistics.ts';

const random = () => randomStream(3, 'nested');

/** One value of each of `patients` patients under each seed. */
function values(
  seeds: number,
  patients: number,
  value: (seed: number, patient: number) => number,
  name = (_seed: number, patient: number) => `p${patient}`,
): NestedValue[] {
  return Array.from({ length: seeds * patients }, (_, i) => {
    const [seed, patient] = [Math.floor(i / patients), i % patients];
    return { seed, patient: name(seed, patient), value: value(seed, patient) };
  });
}

const widthOf = (given: readonly NestedValue[]): number => {
  const { low, high } = nestedBootstrapMean(given, random());
  return high - low;
};

test('one seed and one video of each patient is the plain bootstrap', () => {
  const list = Array.from({ length: 30 }, (_, i) => Math.sin(7 * i));
  const nested = nestedBootstrapMean(
    values(1, 30, (_, patient) => list[patient]!),
    random(),
  );
  const plain = bootstrapMean(list, randomStream(4, 'plain'));
  expect(nested.mean).toBeCloseTo(plain.mean, 12);
  expect(nested.low).toBeCloseTo(plain.low, 1);
  expect(nested.high).toBeCloseTo(plain.high, 1);
});

test('two videos that say the same of a patient say no more than one', () => {
  const once = values(1, 40, (_, patient) => Math.sin(7 * patient));
  expect(widthOf([...once, ...once])).toBeCloseTo(widthOf(once), 9);
});

test('seeds that differ widen the interval, however many patients each has', () => {
  const own = (seed: number, patient: number) => `s${seed}p${patient}`;
  const alike = values(3, 200, (_, patient) => Math.sin(7 * patient), own);
  const differing = values(3, 200, (seed, patient) => 2 * seed + Math.sin(7 * patient), own);
  expect(widthOf(differing)).toBeGreaterThan(5 * widthOf(alike));
});

test('patients that all seeds share are no more patients for that', () => {
  const effect = (_: number, patient: number) => Math.sin(7 * patient);
  const once = widthOf(values(1, 40, effect));
  const shared = widthOf(values(4, 40, effect));
  const apart = widthOf(values(4, 40, effect, (seed, patient) => `s${seed}p${patient}`));
  expect(shared / once).toBeCloseTo(1, 1);
  expect(apart / once).toBeCloseTo(0.5, 1);
});

test('a patient that one of the seeds misses makes the others no more patients either', () => {
  const shared = values(4, 40, (_, patient) => Math.sin(7 * patient));
  const once = widthOf(shared.slice(0, 40));
  expect(widthOf(shared.slice(1)) / once).toBeCloseTo(1, 1);
  // Of one seed has a single patient: some draws have nothing of it.
  const { low, high } = nestedBootstrapMean(shared.slice(0, 41), random());
  expect([low, high].every(Number.isFinite)).toBe(true);
});

test('the order of values does not matter, and there is no mean of none', () => {
  const given = values(2, 5, (seed, patient) => seed - patient);
  expect(nestedBootstrapMean([...given].reverse(), random()).mean).toBe(
    nestedBootstrapMean(given, random()).mean,
  );
  expect(() => nestedBootstrapMean([], random())).toThrow(/at least one value/);
});
