/** What a failure of Temporal's client stands for, where a person can do something about it. */
import { isGrpcServiceError, NamespaceNotFoundError, ServiceError } from '@temporalio/client';
import { DomainError } from '../ground/errors.ts';
import type { Deployment } from '../runtime/deployment.ts';

/** Of gRPC, by which a server, or the way to it, says what was wrong. */
const grpc = {
  deadlineExceeded: 4,
  permissionDenied: 7,
  resourceExhausted: 8,
  unavailable: 14,
  unauthenticated: 16,
};

/** The server is away, or refuses: nothing of what was asked was looked at. */
export function isServersOwn(error: unknown): boolean {
  return temporalProblemOf(error, { namespace: '' }) !== undefined;
}

/**
 * The problem of the service that an error stands for; undefined for whatever else it is.
 * @param temporal whom the client asked.
 */
export function temporalProblemOf(
  error: unknown,
  { address, namespace }: Pick<Deployment['temporal'], 'address' | 'namespace'>,
): DomainError | undefined {
  const options = { cause: error };
  const details = { address: address ?? '' };
  if (error instanceof NamespaceNotFoundError) {
    return new DomainError(
      'ConfigInvalid',
      `The Temporal server at ${address} has no namespace ${namespace}. Set TEMPORAL_NAMESPACE to one that it has.`,
      details,
      options,
    );
  }
  const answer = error instanceof ServiceError ? error.cause : error;
  if (!isGrpcServiceError(answer)) return undefined;
  const said = (answer.details || answer.message).split('\n')[0];
  switch (answer.code as number) {
    case grpc.permissionDenied:
    case grpc.unauthenticated:
      return new DomainError(
        'AccessDenied',
        `The Temporal server at ${address} refuses this client in the namespace ${namespace} (${said}). Check TEMPORAL_API_KEY, or TEMPORAL_CERT_FILE and TEMPORAL_KEY_FILE.`,
        details,
        options,
      );
    case grpc.deadlineExceeded:
    case grpc.resourceExhausted:
    case grpc.unavailable:
      return new DomainError(
        'OrchestratorUnavailable',
        `The Temporal server at ${address} does not answer any more (${said}). Runs go on by themselves once it is back: try again then. The embedded one is started by \`npx echoloop up\`.`,
        details,
        options,
      );
    default:
      return undefined;
  }
}
