import { expect, it } from 'vitest';
import { DomainError } from '../ground/errors.ts';
import { tinyWorld } from '../test/orchestration/tiny-run.ts';
import { type ResumableTraining, trainResumably } from './train-resumably.ts';

const endless: ResumableTraining = {
  done: false,
  totalSteps: 100,
  step: () => ({ loss: 1 }),
  state: () => ({ arrays: {}, json: null }),
  restore: () => undefined,
};

it('ends as told when the checkpoint of that moment cannot be written', async () => {
  const { store, services } = tinyWorld();
  const controller = new AbortController();
  const reason = new Error('told to stop');
  store.put = async () => {
    throw new DomainError('StorageUnavailable', 'the store is away');
  };
  const training = trainResumably(
    { activity: 'test', folder: 'f/', checkpointEverySteps: 50, inputs: [], training: endless },
    { ...services, signal: controller.signal, heartbeat: () => controller.abort(reason) },
  );
  await expect(training).rejects.toBe(reason);
});
