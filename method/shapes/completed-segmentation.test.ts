import { expect, it } from 'vitest';
import { InferenceSchema, LinearShapesSchema } from '../../contracts/run-config.ts';
import { generatePhantom } from '../../datasets/phantom/phantom.ts';
import { randomStream } from '../../ground/random.ts';
import { geometryOf, type LabelVideo } from '../../imaging/image.ts';
import { temporalValidity } from '../../metrics/temporal.ts';
import { completedSegmentation } from './completed-segmentation.ts';
import { fitLinearShapes } from './linear-shapes.ts';

const config = InferenceSchema.parse({ completion: { enabled: true } }).completion;
const hearts = [0, 2, 4, 6].map((index) => generatePhantom({ domain: 'source', seed: 1, index }).labels);
const shapes = fitLinearShapes(hearts, LinearShapesSchema.parse({}), randomStream(1, 'linear-shapes'));
const heart = hearts[0]!;

/** Every n-th frame, as a slower recording of the same heart. */
function everyNth(video: LabelVideo, n: number): LabelVideo {
  const pixels = video.rows * video.columns;
  const frames = Math.floor(video.frames / n);
  const labels = new Uint8Array(frames * pixels);
  for (let t = 0; t < frames; t++)
    labels.set(video.labels.subarray(t * n * pixels, (t * n + 1) * pixels), t * pixels);
  return { ...geometryOf(video), frames, frameTimeMs: n * video.frameTimeMs, labels };
}

it('leaves what is valid as it was seen', () => {
  expect(completedSegmentation(heart, config, shapes)).toEqual({ labels: heart });
});

it('takes the motion between frames far apart for what it is', () => {
  const slow = everyNth(heart, Math.round(150 / heart.frameTimeMs));
  expect(temporalValidity(slow).valid).toBe(false);
  expect(completedSegmentation(slow, config, shapes)).toEqual({ labels: slow });
});

it('completes what is torn, and says how much of it agrees', () => {
  const torn = heart.labels.map((label, i) =>
    i % heart.columns > 0.6 * heart.columns && label === 2 ? 0 : label,
  );
  const { labels, completion } = completedSegmentation({ ...heart, labels: torn }, config, shapes);
  expect(labels.labels).not.toBe(torn);
  expect(completion).toMatchObject({ taken: true });
  expect(completion!.agreement).toBeGreaterThan(0.6);
});
