/** What of the policy's training changes over the iterations of the loop (method.md 6). */
import { DomainError } from '../../contracts/errors.ts';
import type { PpoConfig } from '../../contracts/run-config.ts';

export interface LossCoefficients {
  readonly entropyCoefficient: number;
  readonly divergenceCoefficient: number;
}

/** The configured values, which are those of iteration 1, as `coefficientsOverIterations` changes them. */
export function coefficientsAt(config: PpoConfig, iteration: number): LossCoefficients {
  const divisor = divisorAt(config.coefficientsOverIterations, iteration);
  return {
    entropyCoefficient: config.entropyCoefficient / divisor,
    divergenceCoefficient: config.divergenceCoefficient / divisor,
  };
}

/** The rate that the policy's optimiser begins an iteration with. */
export function policyRateAt(config: PpoConfig, iteration: number): number {
  return config.policyLearningRate / divisorAt(config.policyRateOverIterations, iteration);
}

function divisorAt(course: PpoConfig['coefficientsOverIterations'], iteration: number): number {
  if (!Number.isInteger(iteration) || iteration < 1) {
    throw new DomainError(
      'ConfigInvalid',
      `fine-tuning happens in iterations 1, 2, ...; it was asked for iteration ${iteration}`,
    );
  }
  return course === 'divided' ? iteration : 1;
}
