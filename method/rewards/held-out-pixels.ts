/** A bounded sample of the pixels of held-out windows, on which a reward network is calibrated and measured. */
import { DomainError } from '../../ground/errors.ts';
import type { NamedArrays } from '../networks/named-arrays.ts';
import { withPrefix } from '../networks/prefixed-arrays.ts';

/** Pixels kept over all windows of one split. */
const MAX_PIXELS = 1_000_000;

/** Logits with their labels; grows window by window and is part of a fit's resumable state. */
export class HeldOutPixels {
  readonly #name: string;
  readonly #perWindow: number;
  readonly #logits: number[] = [];
  readonly #correct: number[] = [];
  readonly #foreground: number[] = [];

  /** `name` is the prefix of its arrays, `windows` how many windows will share the bound. */
  constructor(name: string, windows: number) {
    this.#name = name;
    this.#perWindow = Math.max(1, Math.floor(MAX_PIXELS / Math.max(windows, 1)));
  }

  /** Takes pixels at an even stride over the window: all of them where they fit. */
  add(logits: Float32Array, segmentation: Uint8Array, correct: Float32Array): void {
    const stride = Math.ceil(logits.length / this.#perWindow);
    for (let i = 0; i < logits.length; i += stride) {
      this.#logits.push(logits[i]!);
      this.#correct.push(correct[i]!);
      // Where the segmentation is background and wrong, the truth is foreground (method.md 9.6).
      this.#foreground.push(segmentation[i] !== 0 || correct[i]! < 0.5 ? 1 : 0);
    }
  }

  /** Logits and labels (1 = right, 0 = wrong, or between) of all pixels of the sample. */
  get all(): { logits: Float32Array; correct: Float32Array } {
    return { logits: Float32Array.from(this.#logits), correct: Float32Array.from(this.#correct) };
  }

  /** As `all`, on pixels where prediction or truth is foreground. */
  get foreground(): { logits: Float32Array; correct: Float32Array } {
    const inside = (_: number, i: number) => this.#foreground[i] === 1;
    return {
      logits: Float32Array.from(this.#logits.filter(inside)),
      correct: Float32Array.from(this.#correct.filter(inside)),
    };
  }

  toArrays(): NamedArrays {
    const shape = [this.#logits.length];
    return withPrefix(this.#name, {
      logits: { shape, data: Float32Array.from(this.#logits) },
      correct: { shape, data: Float32Array.from(this.#correct) },
      foreground: { shape, data: Float32Array.from(this.#foreground) },
    });
  }

  /**
   * Restores what `toArrays` gave.
   * @throws CheckpointIncompatible when an array is missing.
   */
  assign(arrays: NamedArrays): void {
    for (const [part, values] of [
      ['logits', this.#logits],
      ['correct', this.#correct],
      ['foreground', this.#foreground],
    ] as const) {
      const array = arrays[`${this.#name}/${part}`];
      if (!array) {
        throw new DomainError(
          'CheckpointIncompatible',
          `The checkpoint of the reward fit lacks "${this.#name}/${part}". Start the fit again, or restore the checkpoint.`,
        );
      }
      values.length = 0;
      for (const value of array.data) values.push(value);
    }
  }
}
