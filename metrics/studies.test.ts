import { expect, test } from 'vitest';
import type { KeyFrameDiscs } from './clinical.ts';
import { biplaneStudies } from './studies.ts';

/** Discs of one diameter in mm at end-diastole and end-systole, 80 mm long. */
function discs(ed: number, es: number): KeyFrameDiscs {
  const of = (diameter: number) => ({ diametersMm: new Float64Array(20).fill(diameter), lengthMm: 80 });
  return { ed: of(ed), es: of(es) };
}

test('a study with both apical views has a biplane ejection fraction, of prediction and of reference', () => {
  const found = biplaneStudies([
    { study: 'p1', view: 'a4c', id: 'p1-a4c', prediction: discs(40, 30), reference: discs(40, 20) },
    { study: 'p2', view: 'a4c', id: 'p2-a4c', prediction: discs(40, 30) },
    { study: 'p1', view: 'a2c', id: 'p1-a2c', prediction: discs(50, 40), reference: discs(50, 25) },
    { study: 'p1', view: 'a2c', id: 'p1-a2c-again', prediction: discs(50, 10), reference: discs(50, 25) },
  ]);
  expect(found).toEqual([
    {
      study: 'p1',
      a4c: 'p1-a4c',
      a2c: 'p1-a2c',
      ejectionFraction: expect.closeTo(1 - (30 * 40) / (40 * 50), 12),
      referenceEjectionFraction: expect.closeTo(0.75, 12),
    },
  ]);
});

test('a view that cannot be measured leaves null', () => {
  const found = biplaneStudies([
    { study: 'p1', view: 'a4c', id: 'a', prediction: discs(40, 30) },
    { study: 'p1', view: 'a2c', id: 'b', prediction: { ed: undefined, es: undefined } },
  ]);
  expect(found).toEqual([{ study: 'p1', a4c: 'a', a2c: 'b', ejectionFraction: null }]);
});
