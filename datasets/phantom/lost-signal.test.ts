import { describe, expect, test } from 'vitest';
import { randomStream } from '../../ground/random.ts';
import { shapeAt } from './heart.ts';
import { decoyLevels } from './losses.ts';
import {
  decoyRangeMm,
  drawLateralDropout,
  drawValveFade,
  fadeBeats,
  LEAST_SEEN,
  SEEN_BELOW,
  shareSeen,
  type Timing,
} from './lost-signal.ts';
import { planPhantom } from './phantom.ts';
import { placementAt } from './placement.ts';

/** Frame rates and lengths of phantoms: one to two and a half beats, 16 to 32 frames. */
const timings = (count: number): Timing[] =>
  Array.from({ length: count }, (_, i) => {
    const framesPerBeat = 10 + ((7 * i) % 31);
    const frames = Math.round(framesPerBeat * (1 + 0.1 * (i % 16)));
    return { frames: Math.max(16, Math.min(32, frames)), framesPerBeat };
  });

describe('a lateral wall that comes and goes', () => {
  test('is seen in at least 30 % of the frames, and lost in some', () => {
    for (const [i, timing] of timings(300).entries()) {
      const { lossDb } = drawLateralDropout(timing, [14, 22], randomStream(i, 'test'));
      expect(lossDb).toHaveLength(timing.frames);
      expect(shareSeen(lossDb)).toBeGreaterThanOrEqual(LEAST_SEEN);
      expect(shareSeen(lossDb)).toBeLessThan(1);
      expect(Math.max(...lossDb)).toBeGreaterThan(12);
    }
  });

  test('comes back after one to three beats', () => {
    for (let seed = 0; seed < 60; seed++) {
      const framesPerBeat = 10;
      const { lossDb } = drawLateralDropout(
        { frames: 200, framesPerBeat },
        [20, 20],
        randomStream(seed, 'test'),
      );
      const goes = Array.from(lossDb).flatMap((loss, t) =>
        t > 0 && loss >= 10 && lossDb[t - 1]! < 10 ? [t] : [],
      );
      const period = (goes.at(-1)! - goes[0]!) / (goes.length - 1);
      expect(period / framesPerBeat).toBeGreaterThan(0.95);
      expect(period / framesPerBeat).toBeLessThan(3.05);
    }
  });
});

describe('a valve plane that fades beside a decoy', () => {
  test('fades once, for half a beat to two beats, and is seen in at least 30 % of the frames', () => {
    for (const [i, timing] of timings(300).entries()) {
      const { lossDb } = drawValveFade(timing, [12, 18], [-14, -9], randomStream(i, 'test'));
      const most = Math.max(...lossDb);
      const faded = Array.from(lossDb).flatMap((loss, t) => (loss >= SEEN_BELOW * most ? [t] : []));
      expect(faded.at(-1)! - faded[0]! + 1).toBe(faded.length);
      expect(faded.length).toBeGreaterThanOrEqual(fadeBeats[0] * timing.framesPerBeat - 1);
      expect(faded.length).toBeLessThanOrEqual(fadeBeats[1] * timing.framesPerBeat + 1);
      expect(shareSeen(lossDb)).toBeGreaterThanOrEqual(LEAST_SEEN);
    }
  });

  test('the decoy stands 6 to 14 mm from the middle of the excursion of the plane, on both of its sides', () => {
    const distances: number[] = [];
    for (let index = 0; index < 60; index++) {
      const { heart, scan } = planPhantom({ domain: 'target', seed: 3, index });
      if (!scan.valveFade) continue;
      const beat = Array.from(
        { length: 200 },
        (_, t) => shapeAt({ ...heart, framesPerBeat: 200 }, t).lengthMm,
      );
      const middle = (Math.min(...beat) + Math.max(...beat)) / 2;
      const levels = decoyLevels(heart, shapeAt({ ...heart, startPhase: 0 }, 0), scan)!;
      const brightest = levels.indexOf(Math.max(...levels));
      const still = placementAt({ ...scan, swayMm: [0, 0], swayRadians: 0 }, 0);
      const y = Math.floor(brightest / scan.columns) * scan.spacingMm - still.apexY;
      const x = (brightest % scan.columns) * scan.spacingMm - still.apexX;
      distances.push(y * still.cosine + x * still.sine - middle);
    }
    expect(distances.length).toBeGreaterThan(10);
    for (const distance of distances) {
      expect(Math.abs(distance)).toBeGreaterThan(decoyRangeMm[0] - 0.7);
      expect(Math.abs(distance)).toBeLessThan(decoyRangeMm[1] + 0.7);
    }
    expect(Math.min(...distances)).toBeLessThan(0);
    expect(Math.max(...distances)).toBeGreaterThan(0);
  });
});

test('about two in five target videos have either, source videos none', () => {
  const lost = (domain: 'source' | 'target') =>
    Array.from({ length: 100 }, (_, index) => {
      const { scan } = planPhantom({ domain, seed: 1, index });
      return scan.valveFade ?? scan.lateralDropout;
    }).filter(Boolean).length;
  expect(lost('source')).toBe(0);
  expect(lost('target')).toBeGreaterThan(30);
  expect(lost('target')).toBeLessThan(55);
});
