import { expect, it } from 'vitest';
import { LinearShapesSchema } from '../../contracts/run-config.ts';
import { generatePhantom } from '../../datasets/phantom/phantom.ts';
import { randomStream } from '../../ground/random.ts';
import { fitLinearShapes } from '../../method/shapes/linear-shapes.ts';
import { encodeLinearShapes } from '../../method/shapes/shapes-checkpoint.ts';
import { diceOf } from '../../metrics/overlap.ts';
import { writeArtefact } from '../../storage/artefacts.ts';
import { runKeys } from '../../storage/keys.ts';
import { tinyConfig, tinyWorld } from '../../test/orchestration/tiny-run.ts';
import { loadShapeCorrection } from './shape-correction.ts';

const config = tinyConfig();
const completing = {
  ...config,
  inference: { ...config.inference, completion: { ...config.inference.completion, enabled: true } },
};

it('agrees with a heart, and with no speck that says nothing of where a heart lies', async () => {
  const context = tinyWorld().context();
  const hearts = Array.from({ length: 3 }, (_, index) =>
    generatePhantom({ domain: 'source', seed: 5, index }),
  ).map(({ labels }) => labels);
  const shapes = fitLinearShapes(hearts, LinearShapesSchema.parse({ side: 32 }), randomStream(1, 'shapes'));
  const made = { inputs: [], codeVersion: 'test', mediaType: 'application/octet-stream' };
  await writeArtefact(context.store, runKeys.linearShapes('r'), encodeLinearShapes(shapes), made);
  const { correct } = await loadShapeCorrection(context, { run: 'r' }, completing);
  const heart = hearts[0]!;
  expect(diceOf(heart, correct(heart)).mean).toBeGreaterThan(0.9);
  const pixels = heart.rows * heart.columns;
  const speck = { ...heart, labels: heart.labels.map((_, i) => (i % pixels < 16 ? 1 + (i % 2) : 0)) };
  expect(diceOf(speck, correct(speck)).mean).toBe(0);
});

it('says what is missing where a run completes and has no shapes', async () => {
  const correction = loadShapeCorrection(tinyWorld().context(), { run: 'r' }, completing);
  await expect(correction).rejects.toThrow(/Run r completes segmentations and has no linear shapes/);
});
