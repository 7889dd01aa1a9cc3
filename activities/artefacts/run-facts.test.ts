import { expect, it } from 'vitest';
import { tinyConfig, tinyWorld } from '../../test/orchestration/tiny-run.ts';
import { writeJson } from './json-artefact.ts';
import { readRun } from './run-facts.ts';

it('a run whose configuration is of a form that nobody here knows is refused in words', async () => {
  const context = tinyWorld().context();
  const newer = { ...tinyConfig(), telepathy: { enabled: true } };
  const config = await writeJson(context, 'runs/r/config.json', newer, []);
  const plan = await writeJson(context, 'runs/r/plan.json', {}, []);
  await expect(readRun({ run: 'r', config, plan }, context)).rejects.toMatchObject({
    name: 'CheckpointIncompatible',
    message: expect.stringMatching(
      /configuration of the run, runs\/r\/config.json, stored by version test, .* "?telepathy"?.* start a new run/s,
    ),
  });
  const known = await writeJson(context, 'runs/q/config.json', tinyConfig(), []);
  await expect(readRun({ run: 'q', config: known, plan }, context)).rejects.toMatchObject({
    name: 'CheckpointIncompatible',
    message: expect.stringContaining('The plan of the run, runs/r/plan.json'),
  });
});
