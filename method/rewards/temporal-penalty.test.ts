import { describe, expect, it } from 'vitest';
import type { LabelVideo } from '../../imaging/image.ts';
import { landmarkFreeMeasures } from '../../metrics/temporal.ts';
import { applyTemporalPenalty, temporalPenalty } from './temporal-penalty.ts';

/** Left ventricle as a square of the given side in a ring of myocardium, one side per frame. */
function squares(sides: readonly number[], size = 40): LabelVideo {
  const labels = new Uint8Array(sides.length * size * size);
  for (const [t, side] of sides.entries()) {
    for (let r = 4; r < 12 + side; r++) {
      for (let c = 4; c < 12 + side; c++) {
        const inside = r >= 8 && r < 8 + side && c >= 8 && c < 8 + side;
        labels[(t * size + r) * size + c] = inside ? 1 : 2;
      }
    }
  }
  return { frames: sides.length, rows: size, columns: size, spacingMm: [1, 1], frameTimeMs: 40, labels };
}

function rewardWithOneError(video: LabelVideo): Float32Array {
  const reward = new Float32Array(video.labels.length).fill(1);
  const pixels = video.rows * video.columns;
  for (let t = 0; t < video.frames; t++) reward[t * pixels + 20 * video.columns + 20] = 0;
  return reward;
}

describe('the temporal penalty', () => {
  it('leaves the reward of a steady segmentation as it is', () => {
    const video = squares([12, 13, 14, 15]);
    const reward = rewardWithOneError(video);
    expect([...temporalPenalty(video)]).toEqual([0, 0, 0, 0]);
    expect(applyTemporalPenalty(reward, video)).toEqual(reward);
  });

  it('spreads errors where the segmentation jumps, most around the jump, and never raises a reward', () => {
    const video = squares([12, 20, 12, 12]);
    const reward = rewardWithOneError(video);
    const penalty = temporalPenalty(video);
    expect(penalty[1]).toBeGreaterThan(penalty[3]!);
    const penalised = applyTemporalPenalty(reward, video);
    expect(penalised.every((value, i) => value <= reward[i]! && value >= 0)).toBe(true);
    const nextToError = 1 * video.rows * video.columns + 20 * video.columns + 22;
    expect(penalised[nextToError]).toBeLessThan(0.6);
  });

  it('looks for jumps in the whole video with the window in its place', () => {
    const beat = [8, 10, 12, 14, 16, 16, 14, 12, 10, 8];
    const measures = landmarkFreeMeasures(squares(beat));
    const window = squares(beat.slice(3, 7));
    expect(temporalPenalty(window).some((value) => value > 0)).toBe(true);
    expect([...temporalPenalty(window, { measures, startFrame: 3 })]).toEqual([0, 0, 0, 0]);
    // What the frames of the window were before does not matter, what lies next to them does.
    const broken = landmarkFreeMeasures(squares([...beat.slice(0, 3), 4, 18, 4, 18, ...beat.slice(7)]));
    expect([...temporalPenalty(window, { measures: broken, startFrame: 3 })]).toEqual([0, 0, 0, 0]);
    const outside = landmarkFreeMeasures(squares([8, 10, 18, ...beat.slice(3)]));
    const atItsEdge = temporalPenalty(window, { measures: outside, startFrame: 3 });
    expect(atItsEdge[0]).toBeGreaterThan(atItsEdge[3]!);
  });

  it('keeps a perfect reward perfect, having no error to spread', () => {
    const video = squares([12, 20, 12, 12]);
    const reward = new Float32Array(video.labels.length).fill(1);
    expect(applyTemporalPenalty(reward, video)).toEqual(reward);
  });

  it('refuses a reward of another grid', () => {
    expect(() => applyTemporalPenalty(new Float32Array(3), squares([12]))).toThrow('1 x 40 x 40');
  });
});
