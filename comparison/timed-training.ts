/** A training that knows how long its steps took, over all its attempts: what a budget is honest by. */
import { z } from 'zod';
import type { Training, TrainingState } from '../method/training/training.ts';

export interface TimedProgress<Progress> {
  readonly seconds: number;
  readonly inner: Progress;
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

  async ready(): Promise<void> {
    await this.#inner.ready?.();
  }

  step() {
    const started = this.#nowMs();
    const step = this.#inner.step();
    this.#seconds += (this.#nowMs() - started) / 1000;
    return step;
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
