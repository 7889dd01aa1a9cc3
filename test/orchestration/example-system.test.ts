/** The example of a system (examples/compared-system.ts) as a row, from its plan to the table. */
import '@tensorflow/tfjs-node-gpu';
import { readFileSync } from 'node:fs';
import { expect, it, vi } from 'vitest';
import { planComparison } from '../../activities/comparison/stages/plan-comparison.ts';
import { predictForSystem } from '../../activities/comparison/stages/predict-for-system.ts';
import { scoreSystem } from '../../activities/comparison/stages/score-system.ts';
import { trainSystem } from '../../activities/comparison/stages/train-system.ts';
import { writeComparison } from '../../activities/comparison/stages/write-comparison.ts';
import { ComparisonTableSchema } from '../../comparison/table/table.ts';
import { threshold } from '../../examples/compared-system.ts';
import { readArtefact } from '../../storage/artefacts.ts';
import { addTinyDatasets, tinyConfig, tinyWorld } from './tiny-run.ts';

// The line that the registry would have.
vi.mock(import('../../comparison/registry.ts'), async (importOriginal) => {
  const { systemNamed } = await importOriginal();
  return { systemNamed: (name) => (name === 'threshold' ? threshold : systemNamed(name)) };
});

it('is under 60 lines, and becomes a row with numbers', async () => {
  const file = new URL('../../examples/compared-system.ts', import.meta.url);
  expect(readFileSync(file, 'utf8').trimEnd().split('\n').length).toBeLessThan(60);
  const world = tinyWorld();
  await addTinyDatasets(world.store);
  const rows = [{ name: 'ours', system: 'threshold', settings: { radius: 0.4 }, files: {} }];
  const planned = await planComparison(
    { run: 'c', config: { run: tinyConfig(), rows, pictures: 1 } },
    world.context(),
  );
  const { config, plan, rows: rowsRef, rowPlans } = planned;
  expect(rowPlans).toEqual([
    {
      name: 'ours',
      system: 'threshold',
      trainings: [{ name: 'ours.threshold', labels: false, isSource: false }],
    },
  ]);
  const refs = { run: 'c', config, plan, rows: rowsRef };
  const { model } = await trainSystem({ ...refs, row: 'ours', training: 'ours.threshold' }, world.context());
  const shard = { ...refs, row: 'ours', shard: 0 };
  expect(await predictForSystem({ ...shard, model }, world.context())).toEqual({ done: 1, quarantined: 0 });
  expect(await scoreSystem(shard, world.context())).toEqual({ done: 1, quarantined: 0 });
  const results = [{ name: 'ours', model, trainings: [], missing: 0 }];
  const files = await writeComparison({ ...refs, results }, world.context());
  const table = ComparisonTableSchema.parse(
    JSON.parse(new TextDecoder().decode(await readArtefact(world.store, files.json))),
  );
  expect(table.rows).toMatchObject([{ title: 'Threshold', cells: { diceLv: { videos: 1, best: true } } }]);
  // The ventricle of a phantom is dark and in the middle.
  expect(table.rows[0]!.cells.diceLv!.mean).toBeGreaterThan(0.5);
}, 120_000);
