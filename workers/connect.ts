/** The connection of a worker to Temporal, and the SDK's own log through ours. */
import { type Logger, type LogLevel, NativeConnection, Runtime, type Worker } from '@temporalio/worker';
import type pino from 'pino';
import { DomainError } from '../ground/errors.ts';
import type { Deployment } from '../runtime/deployment.ts';
import { temporalConnection } from '../runtime/temporal-connection.ts';
import type { ObjectStore } from '../storage/store.ts';
import type { ComputeProcess } from './compute-process.ts';
import type { HostWatch } from './host-watch.ts';

/** Where a worker takes its work, and as whom. */
export interface WorkerPlace {
  readonly connection: NativeConnection;
  readonly namespace: string;
  readonly identity: string;
  readonly watch: HostWatch;
}

/** What a worker of a role has beside its connection. */
export interface RoleParts {
  /** Of roles that have one. */
  readonly store?: ObjectStore;
  readonly compute?: ComputeProcess;
  /** The worker, which does not ask for work yet. */
  create(place: WorkerPlace): Promise<Worker>;
}

/**
 * @throws DomainError OrchestratorUnavailable when nothing answers at the address, ConfigInvalid when a certificate
 * cannot be read.
 */
export async function connectWorker({ temporal }: Deployment): Promise<NativeConnection> {
  const address = temporal.address ?? 'localhost:7233';
  const options = temporalConnection({ ...temporal, address });
  try {
    return await NativeConnection.connect(options);
  } catch (error) {
    throw new DomainError(
      'OrchestratorUnavailable',
      `No Temporal server answers at ${address}. Start the embedded one with \`echoloop up\`, or set TEMPORAL_ADDRESS to host:port of yours.`,
      { address },
      { cause: error },
    );
  }
}

/** The SDK's log written by pino. */
export function sdkLogger(log: pino.Logger): Logger {
  const levels: Record<LogLevel, pino.Level> = {
    TRACE: 'trace',
    DEBUG: 'debug',
    INFO: 'info',
    WARN: 'warn',
    ERROR: 'error',
  };
  const write = (level: LogLevel, message: string, meta?: Record<string | symbol, unknown>): void =>
    log[levels[level]](meta ?? {}, message);
  return {
    log: write,
    trace: (message, meta) => write('TRACE', message, meta),
    debug: (message, meta) => write('DEBUG', message, meta),
    info: (message, meta) => write('INFO', message, meta),
    warn: (message, meta) => write('WARN', message, meta),
    error: (message, meta) => write('ERROR', message, meta),
  };
}

/** Has the SDK log through pino; to be called once, before the first worker of the process. */
export function installSdkLog(log: pino.Logger): void {
  // Signals are handled by run.ts, which also ends the tensor process.
  Runtime.install({ shutdownSignals: [], logger: sdkLogger(log) });
}
