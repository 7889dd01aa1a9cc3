import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { withInferredAnnotation } from '../../imaging/annotation.ts';
import type { LabelVideo } from '../../imaging/image.ts';
import { projectRoot } from '../../runtime/installation.ts';
import { openRealEcho } from '../shared/real-echo.ts';
import { refuseProjectFolder } from './pictures.ts';
import { type LoopScore, scoreLoop } from './score.ts';
import { summariseLoops } from './summary.ts';

/** A ventricle of so many columns in each frame, without or with a wall beside it. */
function loop(widths: readonly number[], wall = false): LabelVideo {
  const labels = Uint8Array.from({ length: widths.length * 400 }, (_, i) => {
    const [frame, row, column] = [Math.floor(i / 400), Math.floor((i % 400) / 20), i % 20];
    if (row < 5 || row >= 15) return 0;
    return column < widths[frame]! ? 1 : wall && column < widths[frame]! + 2 ? 2 : 0;
  });
  return { frames: widths.length, rows: 20, columns: 20, spacingMm: [1, 1], frameTimeMs: 50, labels };
}

const score: LoopScore = {
  id: 'e1',
  recorded: false,
  anatomicallyValid: true,
  temporallyValid: false,
  frames: 10,
  invalidFrames: 0,
  flaggedFrames: 2,
};

describe('a loop', () => {
  it('is scored on the ventricle where the reference has nothing else, at its largest and smallest too', () => {
    const reference = withInferredAnnotation(loop([10, 14, 8, 10]));
    const found = scoreLoop({ id: 'e1', reference }, loop([10, 7, 8, 10], true));
    expect(found.lv!.ed).toBeCloseTo((2 * 7) / (7 + 14), 9);
    expect(found.lv!.es).toBe(1);
    expect(found.lv!.loop).toBeCloseTo((2 * 35) / (35 + 42), 9);
    expect(found).not.toHaveProperty('myo');
    expect(found).not.toHaveProperty('hausdorffMm');
  });

  it('is scored on the wall and by distance where the reference has it, and by validity alone without one', () => {
    const whole = loop([10, 14], true);
    expect(scoreLoop({ id: 'c1', reference: whole }, whole)).toMatchObject({ myo: 1, hausdorffMm: 0 });
    const recorded = scoreLoop({ id: 'r1', reference: undefined }, whole);
    expect(recorded).toMatchObject({ recorded: true, frames: 2 });
    expect(recorded).not.toHaveProperty('lv');
  });
});

it('summarises what loops have, with shares, medians and intervals', () => {
  const lv = (loop: number) => ({ loop, ed: 0.9, es: 0.8 });
  const summary = summariseLoops([
    { ...score, lv: lv(0.9) },
    { ...score, lv: lv(0.5), anatomicallyValid: false },
    { ...score, lv: lv(0.8) },
    score,
  ]);
  expect(summary).toMatchObject({ loops: 4, lv: { median: 0.8, loops: 3 } });
  expect(summary.lv!.mean).toBeCloseTo(2.2 / 3, 9);
  expect(summary.lv!.low).toBeLessThan(summary.lv!.mean);
  expect(summary.anatomicallyValid!.mean).toBe(0.75);
  expect(summary.flaggedFrames!.mean).toBe(2);
  expect(summary).not.toHaveProperty('myo');
});

it('writes nothing of the sets into the project', () => {
  expect(() => refuseProjectFolder(join(projectRoot, 'docs'))).toThrow('choose a folder outside');
  expect(() => refuseProjectFolder(projectRoot)).toThrow('choose a folder outside');
  expect(() => refuseProjectFolder(join(projectRoot, '.echoloop', 'bench-real'))).not.toThrow();
  expect(() => refuseProjectFolder(tmpdir())).not.toThrow();
});

it('has nothing to run without the sets', () => {
  expect(openRealEcho(mkdtempSync(join(tmpdir(), 'no-echo-')))).toBeUndefined();
});
