import { expect, test } from 'vitest';
import { generatePhantom } from '../datasets/phantom/phantom.ts';
import { MYOCARDIUM } from '../ground/labels.ts';
import type { LabelVideo } from '../imaging/image.ts';
import { VideoScoreSchema } from './evaluation.ts';
import { scoreVideo } from './score-video.ts';
import { summariseWithIntervals } from './summary.ts';
import { scoreUncertainty } from './uncertainty-report.ts';

const { labels: drawn } = generatePhantom({ domain: 'source', seed: 1, index: 0 });
const pixels = drawn.rows * drawn.columns;

/** The reference as a public set has it: two frames drawn, the others empty. */
function atTwoFrames(video: LabelVideo): LabelVideo {
  const labels = video.labels.map((label, i) => ([2, 7].includes(Math.floor(i / pixels)) ? label : 0));
  return { ...video, labels, annotatedFrames: [2, 7] };
}

function ventricleAlone(video: LabelVideo): LabelVideo {
  return {
    ...video,
    labels: video.labels.map((label) => (label === MYOCARDIUM ? 0 : label)),
    annotatedLabels: [1],
  };
}

test('frames that nobody drew are no mistakes of the prediction', () => {
  const score = scoreVideo('a', drawn, atTwoFrames(drawn));
  expect(VideoScoreSchema.parse(score)).toEqual(score);
  expect(score).toMatchObject({
    dice: { lv: 1, myo: 1, mean: 1 },
    hausdorffMm: { mean: 0 },
    annotated: { frames: [2, 7], structures: ['lv', 'myo'] },
  });
  expect(score.landmarks).toBeUndefined();
});

test('a mistake in an annotated frame counts, one elsewhere does not', () => {
  const wrongAt = (frame: number) => ({
    ...drawn,
    labels: drawn.labels.map((label, i) => (Math.floor(i / pixels) === frame ? 0 : label)),
  });
  expect(scoreVideo('a', wrongAt(7), atTwoFrames(drawn)).dice!.lv).toBeLessThan(0.8);
  expect(scoreVideo('a', wrongAt(6), atTwoFrames(drawn)).dice!.lv).toBe(1);
});

test('a reference of the ventricle alone scores the ventricle alone', () => {
  const score = scoreVideo('a', drawn, ventricleAlone(drawn));
  expect(score.dice).toEqual({ lv: 1 });
  expect(score.hausdorffMm).toEqual({ lv: 0 });
  expect(score.annotated!.structures).toEqual(['lv']);
});

test('means are over the videos whose reference knows the structure', () => {
  const other = { ...drawn, labels: drawn.labels.map((label) => (label === MYOCARDIUM ? 0 : label)) };
  const summary = summariseWithIntervals([
    scoreVideo('a', drawn, ventricleAlone(drawn)),
    scoreVideo('b', other, drawn),
  ]);
  expect(summary.dice).toMatchObject({ lv: 1, myo: 0 });
  expect(summariseWithIntervals([scoreVideo('a', drawn, ventricleAlone(drawn))]).dice).toEqual({ lv: 1 });
});

test('confidence is rated where the reference knows', () => {
  const map = { ...drawn, intensities: new Float32Array(drawn.labels.length).fill(1) };
  expect(scoreUncertainty(drawn, ventricleAlone(atTwoFrames(drawn)), map).scores.ece).toBe(0);
});
