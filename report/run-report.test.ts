import { expect, it } from 'vitest';
import { RunConfigSchema } from '../contracts/run-config.ts';
import { writeGreyNifti, writeLabelNifti } from '../datasets/nifti.ts';
import { writeArtefact } from '../storage/artefacts.ts';
import { datasetKeys, runKeys } from '../storage/keys.ts';
import { MemoryStore } from '../storage/memory-store.ts';
import { collectRunReport } from './run-report.ts';
import { sampleVideo } from './sample-video.ts';

const origin = { inputs: [], codeVersion: '0', mediaType: 'application/octet-stream' };
const prediction = runKeys.prediction('r', 0, 'test', 'v');
const curve = `${runKeys.pretraining('r')}curve.json`;

async function finishedRun() {
  const store = new MemoryStore();
  const { image, labels } = sampleVideo(2, 64);
  await writeArtefact(store, datasetKeys.video('b', 'v'), writeGreyNifti(image), origin);
  await writeArtefact(store, prediction, writeLabelNifti(labels), origin);
  const text = JSON.stringify({ points: [{ step: 1, loss: 0.5 }] });
  await writeArtefact(store, curve, Buffer.from(text), origin);
  const reference = { key: 'policy', sha256: 'ab'.repeat(32), bytes: 1 };
  const best = { iteration: 0, policy: reference, evaluation: reference };
  const source = {
    run: 'r',
    config: RunConfigSchema.parse({ source: 'a', target: 'b', iterations: 1 }),
    codeVersion: '0',
    policies: [best],
    best,
    labels: [],
    quarantined: 0,
    testVideos: ['v'],
  };
  return { store, source };
}

it('shows what the run stored', async () => {
  const { store, source } = await finishedRun();
  const { pictures, curves } = await collectRunReport(store, source);
  expect(pictures).toHaveLength(2);
  expect(curves).toHaveLength(1);
});

it.each([prediction, curve, datasetKeys.video('b', 'v')])('refuses to show a damaged %s', async (key) => {
  const { store, source } = await finishedRun();
  const bytes = Uint8Array.from((await store.get(key))!);
  bytes[bytes.length - 1]! ^= 1;
  await store.put(key, bytes);
  await expect(collectRunReport(store, source)).rejects.toMatchObject({
    code: 'ChecksumMismatch',
    message: expect.stringContaining(key),
  });
});

it('leaves out what is not complete', async () => {
  const { store, source } = await finishedRun();
  await store.delete(`${prediction}.json`);
  expect((await collectRunReport(store, source)).pictures).toEqual([]);
});
