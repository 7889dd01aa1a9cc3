/**
 * Seeded random numbers. Every random choice of the method draws from a stream named by what it is for, so that a
 * resumed run draws what an uninterrupted one draws, whatever ran before it.
 */
import { hashText } from './hash-text.ts';

export interface RandomStream {
  /** Uniform in [0, 1). */
  uniform(): number;
  /** Standard normal. */
  normal(): number;
  /** Uniform integer in 0..bound-1. */
  integer(bound: number): number;
}

/**
 * The stream of a seed and a purpose, such as `randomStream(7, 'ppo', iteration, step)`: same arguments, same numbers.
 */
export function randomStream(seed: number, ...purpose: readonly (string | number)[]): RandomStream {
  const text = `${seed}/${purpose.join('/')}`;
  // sfc32 (Chris Doty-Humphrey, PractRand) over four words hashed from the name.
  let a = hashText(`${text}#a`);
  let b = hashText(`${text}#b`);
  let c = hashText(`${text}#c`);
  let counter = 1;
  const next = (): number => {
    const sum = (a + b + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (c << 21) | (c >>> 11);
    c = (c + sum) | 0;
    return sum >>> 0;
  };
  for (let i = 0; i < 16; i++) next();
  const uniform = () => next() / 4294967296;
  return {
    uniform,
    // Box-Muller; 1 - u keeps the logarithm finite.
    normal: () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform()),
    integer: (bound) => Math.floor(uniform() * bound),
  };
}

/** The items in a random order (Fisher-Yates); the input is left as it is. */
export function shuffled<Item>(items: readonly Item[], random: RandomStream): Item[] {
  const result = [...items];
  for (let i = result.length - 1; i > 0; i--) {
    const j = random.integer(i + 1);
    [result[i], result[j]] = [result[j]!, result[i]!];
  }
  return result;
}
