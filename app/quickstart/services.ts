/** The services of the demonstration: those that run already, or its own for as long as it takes. */
import { resolve } from 'node:path';
import { connectedDeployment } from '../../runtime/connected-deployment.ts';
import { type Deployment, deploymentFrom } from '../../runtime/deployment.ts';
import { getMissing } from '../../runtime/get-missing.ts';
import { liveRecord } from '../../runtime/service-record.ts';
import { up } from '../../runtime/up.ts';
import { thisHost, workersThatGain } from './compute-workers.ts';

export interface RunningServices {
  readonly deployment: Deployment;
  /** Temporal's web page, where it is known. */
  readonly page?: string;
  /** Ends what was started for this; nothing when it ran before. */
  stop(): Promise<void>;
}

export async function startServices(log: (line: string) => void): Promise<RunningServices> {
  const named = deploymentFrom(process.env);
  const record = await liveRecord(resolve(named.home));
  if (record?.state === 'ready') {
    log('  the services of `echoloop up` run already');
    return { deployment: await connectedDeployment(process.env), stop: async () => {} };
  }
  await getMissing(named);
  const computeWorkers = named.computeWorkers ?? workersThatGain(thisHost(named));
  if (computeWorkers > 1) log(`  ${computeWorkers} compute workers, which share out the videos`);
  const embedded = await up({ deployment: { ...named, computeWorkers }, log: (line) => log(`  ${line}`) });
  return {
    deployment: embedded.deployment,
    ...(embedded.temporalUi ? { page: embedded.temporalUi } : {}),
    stop: () => embedded.stop(),
  };
}
