/** The services of the demonstration: those that run already, or its own for as long as it takes. */
import { resolve } from 'node:path';
import { connectedDeployment } from '../../runtime/connected-deployment.ts';
import { type Deployment, deploymentFrom } from '../../runtime/deployment.ts';
import { getMissing } from '../../runtime/get-missing.ts';
import { liveRecord } from '../../runtime/service-record.ts';
import { up } from '../../runtime/up.ts';
import { thisHost, threadsOfEach, workersThatGain } from './compute-workers.ts';

export interface RunningServices {
  readonly deployment: Deployment;
  /** Temporal's web page, where it is known. */
  readonly page?: string;
  /** That share the trainings: those that were started for this. */
  readonly computeWorkers: number;
  /** Ends what was started for this; nothing when it ran before. */
  stop(): Promise<void>;
}

export async function startServices(log: (line: string) => void): Promise<RunningServices> {
  const named = deploymentFrom(process.env);
  const record = await liveRecord(resolve(named.home));
  if (record?.state === 'ready') {
    log('  the services of `echoloop up` run already');
    return { deployment: await connectedDeployment(process.env), computeWorkers: 1, stop: async () => {} };
  }
  await getMissing(named);
  const host = thisHost(named);
  const computeWorkers = named.computeWorkers ?? workersThatGain(host);
  if (computeWorkers > 1) log(`  ${computeWorkers} compute workers, which share out videos and trainings`);
  const computeThreads = named.computeThreads ?? threadsOfEach(computeWorkers, host);
  const deployment = { ...named, computeWorkers, computeThreads };
  const embedded = await up({ deployment, log: (line) => log(`  ${line}`) });
  return {
    deployment: embedded.deployment,
    computeWorkers,
    ...(embedded.temporalUi ? { page: embedded.temporalUi } : {}),
    stop: () => embedded.stop(),
  };
}
