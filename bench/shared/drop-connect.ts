/** Monte Carlo dropout for a network that has no dropout layer: its filters are thinned out instead (DropConnect). */
import type { RandomStream } from '../../ground/random.ts';
import type { NamedArrays } from '../../method/networks/named-arrays.ts';

/**
 * Every weight of every convolution is 0 with chance `rate` and 1 / (1 - rate) times itself otherwise, so that its
 * expectation stays; norms and biases stay as they are. `rate` is in [0, 1).
 */
export function dropConnections(arrays: NamedArrays, rate: number, random: RandomStream): NamedArrays {
  return Object.fromEntries(
    Object.entries(arrays).map(([name, array]) => {
      // Filters alone have five axes.
      if (array.shape.length !== 5) return [name, array];
      const data = array.data.map((weight) => (random.uniform() < rate ? 0 : weight / (1 - rate)));
      return [name, { shape: array.shape, data }];
    }),
  );
}
