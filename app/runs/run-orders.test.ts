import {
  ApplicationFailure,
  type Client,
  ServiceError,
  WorkflowUpdateFailedError,
  WorkflowUpdateRPCTimeoutOrCancelledError,
} from '@temporalio/client';
import { describe, expect, it } from 'vitest';
import { workflowTypes } from '../../contracts/names.ts';
import { readRun } from './adaptation-client.ts';
import { scaleRun, steerRun } from './run-orders.ts';

/** A client whose one workflow fails every order in the same way. */
function clientOf(error: Error, type: string = workflowTypes.adaptation): Client {
  const handle = {
    executeUpdate: () => Promise.reject(error),
    describe: async () => ({ type, status: { name: 'RUNNING' }, startTime: new Date(0), raw: {} }),
  };
  return {
    workflow: { getHandle: () => handle },
    withAbortSignal: (_: AbortSignal, work: () => Promise<unknown>) => work(),
  } as unknown as Client;
}

describe('an order to a run', () => {
  it('is given up, in words, where no control worker takes it', async () => {
    // What is said where the limit is reached; a server has words and codes of its own for it.
    const cancelled = Object.assign(new Error('x'), { code: 1, details: 'Call cancelled', metadata: {} });
    const late = clientOf(
      new WorkflowUpdateRPCTimeoutOrCancelledError('Call cancelled', { cause: cancelled }),
    );
    const aborted = Object.assign(new Error('x'), { code: 10, details: 'aborted', metadata: {} });
    const refused = clientOf(new ServiceError('Workflow Update failed', { cause: aborted }));
    for (const sent of [
      steerRun(late, 'r', 'pause'),
      scaleRun(late, 'r', 4),
      steerRun(refused, 'r', 'stop'),
    ]) {
      await expect(sent).rejects.toMatchObject({
        code: 'OrchestratorUnavailable',
        message: expect.stringContaining('no control worker answers'),
      });
    }
  });

  it('is not blamed on the workers where the server is away', async () => {
    const away = Object.assign(new Error('x'), { code: 14, details: 'away', metadata: {} });
    const error = new ServiceError('Workflow Update failed', { cause: away });
    await expect(steerRun(clientOf(error), 'r', 'stop')).rejects.toBe(error);
  });

  it('that the workflow does not take is said with its reason', async () => {
    const reason = ApplicationFailure.create({ message: 'no handler is registered' });
    const client = clientOf(new WorkflowUpdateFailedError('Workflow Update failed', reason));
    await expect(steerRun(client, 'r', 'stop')).rejects.toMatchObject({
      code: 'ConfigInvalid',
      message: expect.stringContaining('The run r did not take the order. no handler is registered'),
    });
  });
});

it.each([workflowTypes.nightly, 'sweep'])('a workflow of type %s is not shown as a run', async (type) => {
  await expect(readRun(clientOf(new Error('x'), type), 'nightly-m')).rejects.toMatchObject({
    code: 'ConfigInvalid',
    message: expect.stringContaining('nightly-m is no adaptation and no comparison'),
  });
});
