/** What of the policy's training changes over the iterations of the loop (method.md 6). */

import type { PpoConfig } from '../../contracts/run-config.ts';
import { DomainError } from '../../ground/errors.ts';

export interface LossCoefficients {
  readonly entropyCoefficient: number;
  readonly divergenceCoefficient: number;
}

/** The configured values, which are those of iteration 1, as `coefficientsOverIterations` changes them. */
export function coefficientsAt(config: PpoConfig, iteration: number): LossCoefficients {
  if (!Number.isInteger(iteration) || iteration < 1) {
    throw new DomainError(
      'ConfigInvalid',
      `fine-tuning happens in iterations 1, 2, ...; it was asked for iteration ${iteration}`,
    );
  }
  const divisor = config.coefficientsOverIterations === 'divided' ? iteration : 1;
  return {
    entropyCoefficient: config.entropyCoefficient / divisor,
    divergenceCoefficient: config.divergenceCoefficient / divisor,
  };
}

/**
 * Where the result of an iteration lies between the policy that it starts from and the fine-tuned one. Later iterations
 * repair less and drift as much, so their share falls: s, s^2, s^3, ...; 1 stays 1.
 */
export function resultShareAt({ resultShare }: Pick<PpoConfig, 'resultShare'>, iteration: number): number {
  return resultShare ** iteration;
}
