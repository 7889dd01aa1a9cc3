/** A step of Adam along gradients by name, for tests; trainings compute theirs in recorded steps. */
import type { Adam } from './adam.ts';
import type { Gradients } from './gradients.ts';

/** An absent gradient counts as zero. The gradients stay the caller's. */
export function stepAlong(adam: Adam, gradients: Gradients): void {
  const gradient = adam.vector.of(gradients);
  adam.take(adam.updated(gradient, adam.coefficients));
  gradient.dispose();
}
