/**
 * The deployment that a command talks to: the environment's, completed with the services that `echoloop up` runs on
 * this machine.
 */
import { resolve } from 'node:path';
import { type Deployment, deploymentFrom } from './deployment.ts';
import { liveRecord } from './service-record.ts';
import { readCredentials } from './services/s3-credentials.ts';

/**
 * Reads the environment and fills in the addresses and keys of the embedded services where it names none and they run.
 * An address that stays undefined means: nothing runs.
 * @throws DomainError ConfigInvalid
 */
export async function connectedDeployment(
  environment: Readonly<Record<string, string | undefined>>,
): Promise<Deployment> {
  const deployment = deploymentFrom(environment);
  const home = resolve(deployment.home);
  const record = await liveRecord(home);
  if (!record) return { ...deployment, home };
  const { TEMPORAL_ADDRESS: address, ECHOLOOP_S3_ENDPOINT: endpoint } = record.environment;
  const temporal =
    deployment.temporal.address || !address ? deployment.temporal : { ...deployment.temporal, address };
  if (deployment.s3.endpoint || !endpoint) return { ...deployment, temporal, home };
  const credentials = await readCredentials(home);
  return {
    ...deployment,
    home,
    temporal,
    // A session token of the environment belongs to other keys.
    s3: { ...deployment.s3, ...credentials, sessionToken: undefined, endpoint, forcePathStyle: true },
  };
}
