/** The learning rate over a training: a rise in a straight line, then a fall to zero, as nnU-Net has it. */
import type { PretrainingConfig } from '../../contracts/run-config.ts';

/** Power of what is left that the rate falls with (nnU-Net, Nature Methods 2021). */
const DECAY_POWER = 0.9;

/** The rate of the step, counted from 0; never zero before the end. */
export function learningRateAt(
  { learningRate, warmupSteps, steps }: Pick<PretrainingConfig, 'learningRate' | 'warmupSteps' | 'steps'>,
  step: number,
): number {
  if (step < warmupSteps) return (learningRate * (step + 1)) / (warmupSteps + 1);
  return learningRate * (1 - (step - warmupSteps) / (steps - warmupSteps)) ** DECAY_POWER;
}
