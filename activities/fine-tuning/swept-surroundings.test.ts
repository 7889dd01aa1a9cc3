import { expect, it } from 'vitest';
import type { RunConfig } from '../../contracts/run-config.ts';
import { writeLabelNifti } from '../../datasets/nifti.ts';
import type { LabelVideo } from '../../imaging/image.ts';
import { landmarkFreeMeasures } from '../../metrics/temporal.ts';
import { writeArtefact } from '../../storage/artefacts.ts';
import { runKeys } from '../../storage/keys.ts';
import { tinyConfig, tinyWorld } from '../../test/orchestration/tiny-run.ts';
import { sweptSurroundings } from './swept-surroundings.ts';

/** A ventricle that grows by a column a frame. */
function growing(frames: number): LabelVideo {
  const labels = Uint8Array.from({ length: frames * 100 }, (_, i) =>
    i % 10 < 2 + Math.floor(i / 100) ? 1 : 2,
  );
  return { frames, rows: 10, columns: 10, spacingMm: [1, 1], frameTimeMs: 40, labels };
}

function configWith(temporalPenalty: boolean): RunConfig {
  const config = tinyConfig();
  return { ...config, ppo: { ...config.ppo, temporalPenalty } };
}

it('are the measures of what the sweep segmented, where a video is longer than a window', async () => {
  const context = tinyWorld().context();
  const made = { inputs: [], codeVersion: 'test', mediaType: 'application/gzip' };
  const longer = growing(7);
  for (const [id, video] of [
    ['a', longer],
    ['b', growing(4)],
    ['damaged', longer],
  ] as const) {
    await writeArtefact(
      context.store,
      runKeys.prediction('r', 2, 'target', id),
      writeLabelNifti(video),
      made,
    );
  }
  await context.store.put(runKeys.prediction('r', 2, 'target', 'damaged'), new Uint8Array([1]));
  const refs = { run: 'r', iteration: 2 };
  const ids = ['b', 'a', 'not-predicted', 'damaged'];
  const of = (await sweptSurroundings(ids, refs, configWith(true), context))!;
  expect(of({ video: 1, startFrame: 3 })).toEqual({ startFrame: 3, measures: landmarkFreeMeasures(longer) });
  for (const video of [0, 2, 3]) expect(of({ video, startFrame: 0 })).toBeUndefined();
  expect(await context.store.get(runKeys.quarantine('r', 'damaged'))).toBeDefined();
});

it('are not read in a run without temporal penalty', async () => {
  const refs = { run: 'r', iteration: 1 };
  expect(await sweptSurroundings(['a'], refs, configWith(false), tinyWorld().context())).toBeUndefined();
});
