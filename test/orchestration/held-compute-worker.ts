/**
 * A compute worker in a process of its own, to be killed: says so on its channel when it fine-tunes, and never gets
 * done with it.
 */
import { Context } from '@temporalio/activity';
import { NativeConnection, Worker } from '@temporalio/worker';
import { taskQueues } from '../../contracts/task-queues.ts';
import { fakeActivities } from './harness.ts';

const { activities } = fakeActivities({
  fineTunePolicy: async () => {
    setInterval(() => Context.current().heartbeat(), 1000);
    process.send?.('fine-tuning');
    return new Promise(() => undefined);
  },
});
const connection = await NativeConnection.connect({ address: process.argv[2]! });
const worker = await Worker.create({ connection, taskQueue: taskQueues.compute, activities });
await worker.run();
