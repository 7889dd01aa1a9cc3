/** The io worker: storage, decoding and metrics, many at a time in this process. */
import { Context } from '@temporalio/activity';
import { Worker } from '@temporalio/worker';
import { type ActivityServices, contextOf } from '../activities/context.ts';
import { ioActivities } from '../activities/io.ts';
import { ioInputs } from '../contracts/activities.ts';
import { taskQueues } from '../contracts/task-queues.ts';
import type { Deployment } from '../runtime/deployment.ts';
import { workerLimits } from '../temporal.config.ts';
import { Attempt } from './attempt.ts';
import { type Activity, checked } from './checked-input.ts';
import type { RoleParts, WorkerPlace } from './connect.ts';
import { fleetActivities } from './count-compute-workers.ts';
import type { HostWatch } from './host-watch.ts';
import { openServices } from './services.ts';

export function openIo(deployment: Deployment): RoleParts {
  const services = openServices(deployment, 'io');
  return { store: services.store, create: (place) => createIoWorker(place, services) };
}

function createIoWorker(
  { connection, namespace, identity, watch }: WorkerPlace,
  services: ActivityServices,
): Promise<Worker> {
  const { activities, shutdownGraceMs, shutdownForceMs } = workerLimits.io;
  return Worker.create({
    connection,
    namespace,
    identity,
    taskQueue: taskQueues.io,
    activities: {
      ...inProcess(checked(ioActivities, ioInputs), services, watch),
      ...fleetActivities(connection.workflowService, namespace),
    },
    maxConcurrentActivityTaskExecutions: activities,
    maxHeartbeatThrottleInterval: workerLimits.heartbeatEveryMs,
    shutdownGraceTime: shutdownGraceMs,
    shutdownForceTime: shutdownForceMs,
  });
}

/** The activities as Temporal calls them: the context comes from the running activity. */
export function inProcess(
  activities: Readonly<Record<string, Activity>>,
  services: ActivityServices,
  watch?: HostWatch,
): Record<string, (input: never) => Promise<unknown>> {
  return Object.fromEntries(
    Object.entries(activities).map(([name, activity]) => [
      name,
      async (input: never) => {
        const running = Context.current();
        const attempt = new Attempt(running);
        try {
          const context = contextOf(services, running.cancellationSignal, (details) =>
            attempt.report(details),
          );
          return await activity(input, context);
        } catch (error) {
          throw attempt.failureOf(watch ? await watch.judge(error) : error);
        } finally {
          attempt.close();
        }
      },
    ]),
  );
}
