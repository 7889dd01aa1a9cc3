import { expect, it } from 'vitest';
import { tinyConfig, tinyWorld } from '../../test/orchestration/tiny-run.ts';
import { planRows } from './planned-rows.ts';

it('a comparison whose name leaves no room for that of an adaptation is refused before anything is trained', async () => {
  const rows = [{ name: 'ours', system: 'rl4seg3d', settings: {}, files: {} }];
  const plan = (run: string) =>
    planRows(run, { run: tinyConfig(), rows, pictures: 0 }, tinyWorld().context());
  await expect(plan('c'.repeat(92))).rejects.toMatchObject({
    code: 'ConfigInvalid',
    message: expect.stringMatching(/is 1 characters too long: .*Choose a shorter --run-id/),
  });
  const { rows: planned } = await plan('c'.repeat(91));
  expect(planned[0]!.plan.adaptation!.run).toHaveLength(100);
});
