/** How random numbers become settings of a change: evenly in a range, evenly in a logarithm, now and then. */
import type { RandomStream } from '../../ground/random.ts';

/**
 * The stream of one kind of change, by its name. Each kind has its own, so that switching one on leaves the others as
 * they are.
 */
export type EffectStreams = (effect: string) => RandomStream;

export function between([low, high]: readonly [number, number], random: RandomStream): number {
  return low + (high - low) * random.uniform();
}

/** From -largest to largest. */
export function around(largest: number, random: RandomStream): number {
  return between([-largest, largest], random);
}

/** A factor from 1 / largest to largest, as likely to enlarge as to shrink. */
export function factorUpTo(largest: number, random: RandomStream): number {
  return Math.exp(around(Math.log(largest), random));
}

/** The stream of a kind of change where it is this window's turn. */
export function whenDrawn(
  { chance }: { readonly chance: number },
  streams: EffectStreams,
  effect: string,
): RandomStream | undefined {
  if (chance === 0) return undefined;
  const random = streams(effect);
  return random.uniform() < chance ? random : undefined;
}
