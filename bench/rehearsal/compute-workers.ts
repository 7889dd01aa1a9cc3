/**
 * Process of a rehearsal that stands for several compute workers: it has as many activities at once as they would, one
 * each. Started by bench/rehearsal.ts with the deployment in its environment; tells on its channel what it finished.
 */
import { Worker } from '@temporalio/worker';
import { type ComputeActivityName, computeInputs } from '../../contracts/activities.ts';
import { taskQueues } from '../../contracts/task-queues.ts';
import { deploymentFrom } from '../../runtime/deployment.ts';
import { workerLimits } from '../../temporal.config.ts';
import { type Activity, checked } from '../../workers/checked-input.ts';
import { connectWorker, installSdkLog } from '../../workers/connect.ts';
import { inProcess } from '../../workers/io.ts';
import { openLog } from '../../workers/log.ts';
import { openServices } from '../../workers/services.ts';
import { standIns } from './stand-ins.ts';

const [workers, meanMs] = process.argv.slice(2).map(Number);
const deployment = deploymentFrom(process.env);
installSdkLog(openLog('rehearsal'));
const connection = await connectWorker(deployment);
const services = openServices(deployment, 'rehearsal');
const activities = checked(standIns(meanMs!) as Record<ComputeActivityName, Activity>, computeInputs);
const worker = await Worker.create({
  connection,
  namespace: deployment.temporal.namespace,
  taskQueue: taskQueues.compute,
  activities: inProcess(told(activities), services),
  maxConcurrentActivityTaskExecutions: workers!,
  maxHeartbeatThrottleInterval: workerLimits.heartbeatEveryMs,
});
process.on('disconnect', () => worker.shutdown());
await worker.run();
await connection.close();

/** The same activities, each of which says what it has done. */
function told(all: Record<string, Activity>): Record<string, Activity> {
  return Object.fromEntries(
    Object.entries(all).map(([name, activity]) => [
      name,
      async (input, context) => {
        const result = await activity(input, context);
        const { iteration, split, shard } = input as { iteration?: number; split?: string; shard?: number };
        process.send?.(`${name} ${iteration} ${split ?? ''} ${shard ?? ''}`);
        return result;
      },
    ]),
  );
}
