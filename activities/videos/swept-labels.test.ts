import { expect, it } from 'vitest';
import { writeLabelNifti } from '../../datasets/nifti.ts';
import type { LabelVideo } from '../../imaging/image.ts';
import { windowsOf } from '../../method/windows/training-windows.ts';
import { writeArtefact } from '../../storage/artefacts.ts';
import { runKeys } from '../../storage/keys.ts';
import { tinyWorld } from '../../test/orchestration/tiny-run.ts';
import { SweptLabels } from './swept-labels.ts';

const FRAMES = 3;
const PIXELS = 20;

/** Every frame of one label. */
function video(label: number): LabelVideo {
  const labels = new Uint8Array(FRAMES * PIXELS).fill(label);
  return { frames: FRAMES, rows: 4, columns: 5, spacingMm: [1, 1], frameTimeMs: 40, labels };
}

async function swept(budget?: number) {
  const world = tinyWorld();
  const context = world.context();
  const made = { inputs: [], codeVersion: 'test', mediaType: 'application/gzip' };
  const ids = ['a', 'b'];
  for (const [index, id] of ids.entries()) {
    const bytes = writeLabelNifti(video(index + 1));
    await writeArtefact(context.store, runKeys.prediction('r', 1, 'target', id), bytes, made);
  }
  const windows = windowsOf(
    [0, 1].map(() => ({ ...video(0), intensities: new Float32Array(FRAMES * PIXELS) })),
  );
  const sweep = { run: 'r', iteration: 1, split: 'target' } as const;
  return { labels: new SweptLabels({ sweep, ids: [...ids, 'missing'], windows }, context, budget) };
}

const at = (video: number) => [{ video, startFrame: 0 }];

it('are what the sweep segmented, frame by frame', async () => {
  const { labels } = await swept();
  await labels.fetch([...at(1), ...at(0)]);
  expect([...labels.labels(1, 1, 2)]).toEqual(new Array(2 * PIXELS).fill(2));
  expect([...labels.labels(0, 0, 1)]).toEqual(new Array(PIXELS).fill(1));
  expect([labels.count, labels.frames(1), labels.rows(1), labels.columns(1)]).toEqual([2, FRAMES, 4, 5]);
});

it('are kept within a budget, those that are asked for together in any case', async () => {
  const { labels } = await swept(FRAMES * PIXELS);
  await labels.fetch(at(0));
  await labels.fetch(at(1));
  expect(() => labels.labels(0, 0, 1)).toThrow('video 0 were not fetched');
  await labels.fetch([...at(0), ...at(1)]);
  expect([labels.labels(0, 0, 1)[0], labels.labels(1, 0, 1)[0]]).toEqual([1, 2]);
});

it('are refused where the sweep has none', async () => {
  const { labels } = await swept();
  await expect(labels.fetch(at(2))).rejects.toThrow('The sweep did not segment missing');
});
