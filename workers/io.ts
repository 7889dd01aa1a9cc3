/** The io worker: storage, decoding and metrics, many at a time in this process. */
import { Context } from '@temporalio/activity';
import { type NativeConnection, Worker } from '@temporalio/worker';
import { type ActivityContext, type ActivityServices, contextOf } from '../activities/context.ts';
import { ioActivities } from '../activities/io.ts';
import { toFailure } from '../activities/to-failure.ts';
import { taskQueues } from '../contracts/task-queues.ts';

const CONCURRENT_ACTIVITIES = 8;

export function createIoWorker(
  connection: NativeConnection,
  namespace: string,
  services: ActivityServices,
): Promise<Worker> {
  return Worker.create({
    connection,
    namespace,
    taskQueue: taskQueues.io,
    activities: inProcess(ioActivities, services),
    maxConcurrentActivityTaskExecutions: CONCURRENT_ACTIVITIES,
    maxHeartbeatThrottleInterval: '5s',
    shutdownGraceTime: '20s',
    shutdownForceTime: '40s',
  });
}

type Activity = (input: never, context: ActivityContext) => Promise<unknown>;

/** The activities as Temporal calls them: the context comes from the running activity. */
export function inProcess(
  activities: Readonly<Record<string, Activity>>,
  services: ActivityServices,
): Record<string, (input: never) => Promise<unknown>> {
  return Object.fromEntries(
    Object.entries(activities).map(([name, activity]) => [
      name,
      async (input: never) => {
        const running = Context.current();
        try {
          const heartbeat: ActivityContext['heartbeat'] = (details) => running.heartbeat(details);
          return await activity(input, contextOf(services, running.cancellationSignal, heartbeat));
        } catch (error) {
          throw toFailure(error);
        }
      },
    ]),
  );
}
