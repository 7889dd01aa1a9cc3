/**
 * Keeps a recorded step to the memory of the step as it is written. TensorFlow runs an operation as soon as its inputs
 * are there, so what is made again by a backward pass to save memory would be made, and kept, before the forward pass
 * is over; a network that runs after another would run beside it. Here such operations wait for those that ran shortly
 * before them.
 */
import { nameIn, type Operation, type Tape } from './tape.ts';

/** Elements of an operation's outputs from which its memory counts. */
const LARGE = 2 ** 20;

/**
 * Operations that an operation's newest input may be back before the operation waits. Neighbours stay free to run side
 * by side.
 */
const REACH = 8;

/** Operations before it that it then waits for. */
const AWAITED = 4;

/** Names of operations to wait for besides the inputs, by the name of the one that waits. */
export function waitsOf({ operations }: Tape): ReadonlyMap<string, readonly string[]> {
  const positions = new Map(operations.map(({ name }, index) => [name, index]));
  const waits = new Map<string, readonly string[]>();
  operations.forEach((operation, index) => {
    const newest = Math.max(-1, ...operation.inputs.map((input) => positions.get(nameIn(input)) ?? -1));
    if (index - newest <= REACH || elementsOf(operation) < LARGE) return;
    waits.set(
      operation.name,
      operations.slice(Math.max(0, index - AWAITED), index).map(({ name }) => name),
    );
  });
  return waits;
}

function elementsOf({ outputs }: Operation): number {
  return outputs.reduce((sum, { shape }) => sum + shape.reduce((product, size) => product * size, 1), 0);
}
