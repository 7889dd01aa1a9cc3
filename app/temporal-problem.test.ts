import { NamespaceNotFoundError, ServiceError } from '@temporalio/client';
import { describe, expect, it } from 'vitest';
import { temporalProblemOf } from './temporal-problem.ts';

const temporal = { address: 'temporal:7233', namespace: 'hospital' };

/** As gRPC throws it. */
function grpcError(code: number, details: string): Error {
  return Object.assign(new Error(`${code}: ${details}`), { code, details, metadata: {} });
}

describe('problems of the Temporal server', () => {
  it.each([
    [14, 'No connection established', 'OrchestratorUnavailable'],
    [4, 'Deadline exceeded', 'OrchestratorUnavailable'],
    [7, 'Request unauthorized.', 'AccessDenied'],
    [16, 'Jwt is expired', 'AccessDenied'],
  ])('are told by the code of gRPC: %i (%s) is %s', (code, details, expected) => {
    const cause = grpcError(code, details);
    for (const error of [cause, new ServiceError('Failed to describe workflow', { cause })]) {
      const problem = temporalProblemOf(error, temporal);
      expect(problem?.code).toBe(expected);
      expect(problem?.message).toContain('temporal:7233');
      expect(problem?.message).toContain(details);
    }
  });

  it('name the namespace that the server does not have', () => {
    const problem = temporalProblemOf(new NamespaceNotFoundError('hospital'), temporal);
    expect(problem).toMatchObject({
      code: 'ConfigInvalid',
      message: expect.stringMatching(/has no namespace hospital\. Set TEMPORAL_NAMESPACE/),
    });
  });

  it('are none of other errors', () => {
    const invalid = new ServiceError('x', { cause: grpcError(3, 'BadRequest') });
    for (const error of [invalid, new Error('x'), undefined])
      expect(temporalProblemOf(error, temporal)).toBeUndefined();
  });
});
