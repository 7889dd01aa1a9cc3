/** The clients of a command, built in one place from the environment and the embedded services that run. */
import { Client, Connection } from '@temporalio/client';
import { DomainError } from '../ground/errors.ts';
import { connectedDeployment } from '../runtime/connected-deployment.ts';
import type { Deployment } from '../runtime/deployment.ts';
import { temporalConnection } from '../runtime/temporal-connection.ts';
import { openStore } from '../storage/open-store.ts';
import type { ObjectStore } from '../storage/store.ts';
import { clientLimits } from '../temporal.config.ts';
import { temporalProblemOf } from './temporal-problem.ts';

export interface Connections {
  readonly client: Client;
  readonly store: ObjectStore;
  readonly deployment: Deployment;
}

/** The environment's deployment, completed by the embedded services that run here. @throws DomainError ConfigInvalid */
export function currentDeployment(): Promise<Deployment> {
  return connectedDeployment(process.env);
}

/**
 * The object store of the deployment.
 * @throws DomainError StorageUnavailable when no address is known.
 */
export function storeOf(deployment: Deployment): ObjectStore {
  if (deployment.s3.endpoint || deployment.s3.accessKeyId) return openStore(deployment);
  throw new DomainError(
    'StorageUnavailable',
    'No object store is known: the embedded one does not run, and the environment names none. Start it with `npx echoloop up`, or set ECHOLOOP_S3_ENDPOINT, and AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY unless a profile or the role of this machine gives keys.',
  );
}

/** `connectTo` the deployment of the environment and the services that run here. */
export async function withConnections<Result>(
  work: (connections: Connections) => Promise<Result>,
): Promise<Result> {
  return connectTo(await currentDeployment(), work);
}

/**
 * Runs the work with a connection to Temporal, which is closed after it.
 * @throws DomainError OrchestratorUnavailable, also where the server goes away while the work goes on; AccessDenied,
 * ConfigInvalid for a namespace that it does not have, StorageUnavailable
 */
export async function connectTo<Result>(
  deployment: Deployment,
  work: (connections: Connections) => Promise<Result>,
): Promise<Result> {
  const connection = await connectTemporal(deployment);
  try {
    const client = new Client({ connection, namespace: deployment.temporal.namespace });
    return await work({
      client,
      deployment,
      // Opened when used: looking at a run needs no store.
      get store() {
        return storeOf(deployment);
      },
    });
  } catch (error) {
    throw temporalProblemOf(error, deployment.temporal) ?? error;
  } finally {
    await connection.close();
  }
}

async function connectTemporal({ temporal }: Deployment): Promise<Connection> {
  if (!temporal.address) {
    throw new DomainError(
      'OrchestratorUnavailable',
      'No Temporal server is known: the embedded one does not run, and TEMPORAL_ADDRESS is not set. Start it with `npx echoloop up`, or set TEMPORAL_ADDRESS to host:port of yours.',
    );
  }
  const options = temporalConnection(temporal);
  try {
    return await Connection.connect({ ...options, connectTimeout: clientLimits.connectMs });
  } catch (error) {
    throw new DomainError(
      'OrchestratorUnavailable',
      `No Temporal server answers at ${temporal.address} (${(error as Error).message.split('\n')[0]}). Start the embedded one with \`npx echoloop up\`, or set TEMPORAL_ADDRESS to host:port of yours.`,
      { address: temporal.address },
      { cause: error },
    );
  }
}
