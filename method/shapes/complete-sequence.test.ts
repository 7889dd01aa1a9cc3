import { describe, expect, it } from 'vitest';
import { InferenceSchema, LinearShapesSchema } from '../../contracts/run-config.ts';
import { generatePhantom } from '../../datasets/phantom/phantom.ts';
import { LEFT_VENTRICLE, MYOCARDIUM } from '../../ground/labels.ts';
import { randomStream } from '../../ground/random.ts';
import { type LabelVideo, labelFrame } from '../../imaging/image.ts';
import { resampleLabelsTo } from '../../imaging/resample.ts';
import { isFrameAnatomicallyValid } from '../../metrics/anatomy.ts';
import { diceOf } from '../../metrics/overlap.ts';
import { temporalValidity } from '../../metrics/temporal.ts';
import { completeSequence } from './complete-sequence.ts';
import { fitLinearShapes } from './linear-shapes.ts';

const annotated = Array.from({ length: 12 }, (_, index) =>
  generatePhantom({ domain: 'source', seed: 5, index }),
).map(({ labels }) => labels);
const model = fitLinearShapes(annotated, LinearShapesSchema.parse({}), randomStream(1, 'shapes'));
const config = InferenceSchema.parse({ completion: { enabled: true } }).completion;
const truth = generatePhantom({ domain: 'source', seed: 6, index: 0 }).labels;
const pixels = truth.rows * truth.columns;

const complete = (video: LabelVideo) => completeSequence(model, video, config)!;
const validFrames = (video: LabelVideo) =>
  Array.from({ length: video.frames }, (_, t) => isFrameAnatomicallyValid(labelFrame(video, t))).filter(
    Boolean,
  ).length;
const changed = (change: (labels: Uint8Array) => void): LabelVideo => {
  const labels = Uint8Array.from(truth.labels);
  change(labels);
  return { ...truth, labels };
};

describe('completion', () => {
  it('leaves what looks like a heart as it is, but for borders', () => {
    const completed = complete(truth);
    expect(diceOf(truth, completed).lv).toBeGreaterThan(0.95);
    expect(diceOf(truth, completed).myo).toBeGreaterThan(0.88);
    expect(validFrames(completed)).toBe(truth.frames);
  });

  it('closes a wall that was torn off in half of the frames', () => {
    // The right half of the wall is gone.
    const torn = changed((labels) => {
      for (let i = 0; i < labels.length / 2; i++) {
        const column = i % truth.columns;
        if (labels[i] === MYOCARDIUM && column > truth.columns / 2) labels[i] = 0;
      }
    });
    const completed = complete(torn);
    expect(validFrames(torn)).toBeLessThanOrEqual(truth.frames / 2);
    expect(validFrames(completed)).toBe(truth.frames);
    expect(diceOf(truth, completed).myo).toBeGreaterThan(diceOf(truth, torn).myo + 0.05);
  });

  it('takes a likely shape for a frame in which all is heart', () => {
    const flooded = changed((labels) => {
      const frame = labels.subarray(2 * pixels, 3 * pixels);
      frame.set(frame.map((label) => label || MYOCARDIUM));
    });
    const completed = complete(flooded);
    expect(validFrames(completed)).toBe(truth.frames);
    expect(diceOf(truth, completed).lv).toBeGreaterThan(0.9);
  });

  it('takes back a frame that jumped aside', () => {
    // By five pixels to the right.
    const jumped = changed((labels) => labels.copyWithin(3 * pixels + 5, 3 * pixels, 4 * pixels - 5));
    const flags = (video: LabelVideo) => temporalValidity(video).flaggedFrames.length;
    expect(flags(jumped)).toBeGreaterThan(flags(truth));
    expect(flags(complete(jumped))).toBeLessThan(flags(jumped));
    const third = (video: LabelVideo) => ({ ...video, frames: 1, labels: labelFrame(video, 3).labels });
    const near = (video: LabelVideo) => diceOf(third(truth), third(video)).mean;
    expect(near(complete(jumped))).toBeGreaterThan(near(jumped));
  });

  it('fills a frame without a ventricle with the shape between its neighbours', () => {
    const empty = changed((labels) => labels.fill(0, 3 * pixels, 4 * pixels));
    const completed = complete(empty);
    expect(completed.labels.subarray(3 * pixels, 4 * pixels)).toContain(LEFT_VENTRICLE);
    const dice = diceOf(
      { ...truth, frames: 1, labels: truth.labels.subarray(3 * pixels, 4 * pixels) },
      { ...truth, frames: 1, labels: completed.labels.subarray(3 * pixels, 4 * pixels) },
    );
    expect(dice.lv).toBeGreaterThan(0.9);
  });

  it('ends whatever the time between frames is said to be', () => {
    const few = { ...truth, frames: 3, labels: truth.labels.subarray(0, 3 * pixels) };
    const at = (frameTimeMs: number) => complete({ ...few, frameTimeMs });
    expect(diceOf(at(1e-9), at(1)).mean).toBeGreaterThan(0.99);
    const one = { ...few, frames: 1, labels: few.labels.subarray(0, pixels) };
    expect(diceOf(complete({ ...one, frameTimeMs: 0 }), one).mean).toBeGreaterThan(0.9);
  });

  it('is about the same on pixels half as large', () => {
    const fine = resampleLabelsTo(truth, {
      rows: 2 * truth.rows,
      columns: 2 * truth.columns,
      spacingMm: [truth.spacingMm[0] / 2, truth.spacingMm[1] / 2],
    });
    const back = resampleLabelsTo(complete(fine), truth);
    expect(diceOf(back, complete(truth)).mean).toBeGreaterThan(0.95);
  });

  it('takes a speck of a ventricle for none', () => {
    // In every third frame there is nothing; then there are specks of ventricle and wall where the heart is not.
    const frames = [1, 4, 7].map((t) => t * pixels);
    const empty = changed((labels) => {
      for (const start of frames) labels.fill(0, start, start + pixels);
    });
    for (const size of [2, 40]) {
      const specks = changed((labels) => {
        for (const start of frames) {
          labels.fill(0, start, start + pixels);
          labels.fill(LEFT_VENTRICLE, start + 5 * truth.columns, start + 5 * truth.columns + size);
          labels.fill(MYOCARDIUM, start + 6 * truth.columns, start + 6 * truth.columns + size);
        }
      });
      expect(diceOf(complete(specks), complete(empty)).mean).toBe(1);
    }
  });

  it('makes nothing of a video without a ventricle, or with specks alone', () => {
    const speck = (size: number) =>
      changed((labels) => {
        labels.fill(0);
        for (let start = 0; start < labels.length; start += pixels) labels.fill(1, start, start + size);
      });
    expect([0, 8].map((size) => completeSequence(model, speck(size), config))).toEqual([
      undefined,
      undefined,
    ]);
  });
});
