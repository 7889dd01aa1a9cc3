/** A training that knows how long its steps took, over all its attempts: what a budget is honest by. */
import { z } from 'zod';
import { median } from '../ground/median.ts';
import type { Training, TrainingState } from '../method/training/training.ts';

export interface TimedProgress<Progress> {
  readonly seconds: number;
  readonly inner: Progress;
}

/**
 * Seconds that one step takes, by the middle one of some: a process that is frozen or pushed aside for a while makes a
 * few of them long, and would otherwise cut its whole training short.
 * @param breathe called after each step with its number from 1
 */
export async function secondsOfStep<Progress>(
  training: TimedTraining<Progress>,
  { untimed, timed }: { readonly untimed: number; readonly timed: number },
  breathe: (step: number) => Promise<void>,
): Promise<number> {
  const seconds: number[] = [];
  for (let step = 0; step < untimed + timed; step++) {
    const before = training.seconds;
    await training.ready();
    training.step();
    if (step >= untimed) seconds.push(training.seconds - before);
    await breathe(step + 1);
  }
  return median(seconds);
}

/** Steps that were taken back with a checkpoint count no time. */
export class TimedTraining<Progress> implements Training<TimedProgress<Progress>> {
  readonly progressSchema: z.ZodType<TimedProgress<Progress>>;
  readonly #inner: Training<Progress>;
  readonly #nowMs: () => number;
  #seconds = 0;

  /** @param nowMs a clock that never goes back */
  constructor(inner: Training<Progress>, nowMs: () => number) {
    this.#inner = inner;
    this.#nowMs = nowMs;
    this.progressSchema = z.strictObject({ seconds: z.number().min(0), inner: inner.progressSchema });
  }

  /** Of all steps so far. */
  get seconds(): number {
    return this.#seconds;
  }

  get progress(): TimedProgress<Progress> {
    return { seconds: this.#seconds, inner: this.#inner.progress };
  }

  get count() {
    return this.#inner.count;
  }

  get done() {
    return this.#inner.done;
  }

  /** Waiting for what a step needs is part of it: a budget of wall time pays for it, too. */
  async ready(): Promise<void> {
    const started = this.#nowMs();
    await this.#inner.ready?.();
    this.#count(started);
  }

  step() {
    const started = this.#nowMs();
    const step = this.#inner.step();
    this.#count(started);
    return step;
  }

  #count(startedMs: number): void {
    this.#seconds += (this.#nowMs() - startedMs) / 1000;
  }

  state(): TrainingState<TimedProgress<Progress>> {
    return { arrays: this.#inner.state().arrays, progress: this.progress };
  }

  restore({ arrays, progress }: TrainingState<TimedProgress<Progress>>): void {
    this.#inner.restore({ arrays, progress: progress.inner });
    this.#seconds = progress.seconds;
  }

  dispose(): void {
    this.#inner.dispose();
  }
}
