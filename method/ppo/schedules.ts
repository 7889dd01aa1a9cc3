/** Coefficients of the policy's loss over the iterations of the loop (method.md 6). */
import { DomainError } from '../../contracts/errors.ts';
import type { PpoConfig } from '../../contracts/run-config.ts';

export interface LossCoefficients {
  readonly entropyCoefficient: number;
  readonly divergenceCoefficient: number;
}

/** The configured values, which are those of iteration 1, divided by the iteration (0.3 / 2i and 0.1 / 2i by default). */
export function coefficientsAt(config: PpoConfig, iteration: number): LossCoefficients {
  if (!Number.isInteger(iteration) || iteration < 1) {
    throw new DomainError(
      'ConfigInvalid',
      `fine-tuning happens in iterations 1, 2, ...; it was asked for iteration ${iteration}`,
    );
  }
  return {
    entropyCoefficient: config.entropyCoefficient / iteration,
    divergenceCoefficient: config.divergenceCoefficient / iteration,
  };
}
