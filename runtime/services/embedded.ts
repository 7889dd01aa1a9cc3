/**
 * The services of a deployment on this machine: each one that the environment does not name is started here, on its
 * usual port or on a free one, with its data under the home folder.
 */
import { resolve } from 'node:path';
import { ensureBucket } from '../../storage/s3-bucket.ts';
import { type Deployment, type Environment, environmentOf } from '../deployment.ts';
import { ensureBinary } from '../provision/binaries.ts';
import { cacheFolder } from '../provision/cache-folder.ts';
import { createProgress } from '../provision/progress.ts';
import { s3Binary } from '../provision/s3.ts';
import { temporalBinary } from '../provision/temporal.ts';
import { type Supervisor, supervise } from '../supervisor.ts';
import { type ClaimedPort, claimPort, HOST } from './ports.ts';
import { ensureCredentials } from './s3-credentials.ts';
import { S3_PORT, s3Server } from './s3-server.ts';
import { keepEndedRuns, TEMPORAL_PORT, TEMPORAL_UI_PORT, temporalServer } from './temporal-server.ts';

export interface Embedded {
  /** The deployment with every address and key filled in. */
  readonly deployment: Deployment;
  /** The same as variables for another process, secrets included. */
  readonly environment: Environment;
  /** Temporal's web page, when the server is the embedded one. */
  readonly temporalUi?: string;
  readonly supervisor: Supervisor;
  /** Ends what was started here; the data stay. */
  stop(): Promise<void>;
}

export interface EmbeddedOptions {
  readonly deployment: Deployment;
  readonly log: (line: string) => void;
}

/** Claims the port of a service, and says so where it is not the usual one. */
type Claim = (service: string, usual: number) => Promise<number>;

async function withTemporal(
  deployment: Deployment,
  supervisor: Supervisor,
  claim: Claim,
): Promise<{ deployment: Deployment; temporalUi?: string }> {
  if (deployment.temporal.address) return { deployment };
  const progress = createProgress();
  const { path } = await ensureBinary(temporalBinary, cacheFolder(), progress).finally(() =>
    progress.close(),
  );
  const port = await claim('Temporal', TEMPORAL_PORT);
  const uiPort = await claim("Temporal's page", TEMPORAL_UI_PORT);
  const home = resolve(deployment.home);
  await supervisor.add(await temporalServer({ binary: path, home, port, uiPort }));
  const address = `${HOST}:${port}`;
  await keepEndedRuns({ address });
  return {
    deployment: { ...deployment, temporal: { ...deployment.temporal, address } },
    temporalUi: `http://${HOST}:${uiPort}`,
  };
}

async function withS3(deployment: Deployment, supervisor: Supervisor, claim: Claim): Promise<Deployment> {
  if (deployment.s3.endpoint) return deployment;
  const progress = createProgress();
  const { path } = await ensureBinary(s3Binary, cacheFolder(), progress).finally(() => progress.close());
  const port = await claim('S3', S3_PORT);
  const home = resolve(deployment.home);
  const credentials = await ensureCredentials(home);
  const { region } = deployment.s3;
  await supervisor.add(await s3Server({ binary: path, home, port, credentials, region }));
  const s3 = {
    ...deployment.s3,
    ...credentials,
    // A session token of the environment belongs to other keys.
    sessionToken: undefined,
    endpoint: `http://${HOST}:${port}`,
    forcePathStyle: true,
  };
  await ensureBucket(s3);
  return { ...deployment, s3 };
}

/**
 * Starts what the environment does not name, waits until it answers and makes the bucket.
 * @throws DomainError BackendMissing (no binary to be had), ConfigInvalid (services already run on these data),
 *   OrchestratorUnavailable or StorageUnavailable (a service does not come up; the message has the end of its log)
 */
export async function startEmbedded({ deployment, log }: EmbeddedOptions): Promise<Embedded> {
  const home = resolve(deployment.home);
  const supervisor = await supervise({ home, log, environment: environmentOf(deployment, false) });
  const claimed: ClaimedPort[] = [];
  const claim: Claim = async (service, usualPort) => {
    const one = await claimPort(usualPort);
    claimed.push(one);
    if (!one.usual)
      log(`${service}: port ${usualPort} is taken on this machine, so it listens on ${one.port}`);
    return one.port;
  };
  const stop = async (): Promise<void> => {
    await supervisor.stop();
    await Promise.all(claimed.splice(0).map((one) => one.release()));
  };
  try {
    const temporal = await withTemporal({ ...deployment, home }, supervisor, claim);
    const complete = await withS3(temporal.deployment, supervisor, claim);
    supervisor.describe(environmentOf(complete, false));
    return {
      deployment: complete,
      environment: environmentOf(complete, true),
      ...(temporal.temporalUi && { temporalUi: temporal.temporalUi }),
      supervisor,
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}
