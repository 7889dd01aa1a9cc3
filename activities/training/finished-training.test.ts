import { expect, it } from 'vitest';
import { tinyWorld } from '../../test/orchestration/tiny-run.ts';
import { writeBytes } from '../artefacts/binary-artefact.ts';
import { writeJson } from '../artefacts/json-artefact.ts';
import { findFinished, LabelledTrainingSchema } from './finished-training.ts';

const document = { key: 'curve.json', schema: LabelledTrainingSchema };

it('finds a training when its document and all of its files are complete, and not before', async () => {
  const context = tinyWorld().context();
  const find = () => findFinished(context, document, { policy: 'policy', critic: 'critic' });
  const policy = await writeBytes(context, 'policy', Uint8Array.of(1), []);
  const known = { steps: 3, quarantined: 0, points: [{ step: 1, loss: 0.5 }] };
  const curve = await writeJson(context, document.key, known, [policy]);
  expect(await find()).toBeUndefined();
  const critic = await writeBytes(context, 'critic', Uint8Array.of(2), []);
  expect(await find()).toEqual({ curve, document: known, made: { policy, critic } });
});
