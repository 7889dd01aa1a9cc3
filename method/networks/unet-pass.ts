/**
 * A forward pass of the U-Net that can go backward once: it keeps only what its backward pass reads, and the backward
 * pass frees it on its way from the outputs to the image.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { Gradients } from './gradients.ts';
import type { DecoderPass, Head, KeptBlock, KeptDecoderLevel } from './layers.ts';
import type { LayerPass } from './normalised-convolution.ts';

/** The tensors of a training pass: what one recorded step returns and another takes, to go backward there. */
export interface KeptPass {
  readonly outputs: readonly tf.Tensor5D[];
  readonly encoder: readonly KeptBlock[];
  readonly decoder: readonly KeptDecoderLevel[];
}

/** What a pass is made of. Output i is what head i reads of the decoder level i above the finest. */
export interface PassParts {
  /** The image; stays the caller's. */
  readonly x: tf.Tensor5D;
  readonly outputs: readonly tf.Tensor5D[];
  readonly encoder: readonly LayerPass<KeptBlock>[];
  /** Coarsest first. */
  readonly decoder: readonly DecoderPass[];
  readonly heads: readonly Head[];
  /** In the order in which gradients are given. */
  readonly parameterNames: readonly string[];
}

/**
 * A forward pass whose gradients can be asked for once. It owns its tensors, `outputs` too: call `dispose` when done.
 */
export class TrainingPass {
  readonly #parts: PassParts;
  #spent = false;

  constructor(parts: PassParts) {
    this.#parts = parts;
  }

  /** Logits [batch, time, row, column, channel], then those of the deep-supervision heads, finest first. */
  get outputs(): readonly tf.Tensor5D[] {
    return this.#parts.outputs;
  }

  /** What the pass holds, before it went backward; `UNet3D.passOver` makes it a pass again. */
  get kept(): KeptPass {
    const { outputs, encoder, decoder } = this.#parts;
    return {
      outputs,
      encoder: encoder.map(({ kept }) => kept),
      decoder: decoder.map(({ kept }) => kept),
    };
  }

  /**
   * Gradients by parameter, given the loss's gradient by each output (null for none; they stay the caller's).
   * Convolution biases are absent, their gradient is zero. Call once, before `dispose` and before the parameters
   * change; the result belongs to the caller.
   */
  backward(outputGradients: readonly (tf.Tensor5D | null)[]): Gradients {
    if (this.#spent)
      throw new Error('A training pass goes backward once; make a new one with forwardForTraining.');
    this.#spent = true;
    const found = new Map<string, tf.Tensor>();
    const { deepest, skips } = this.#throughDecoder(outputGradients, found);
    if (deepest) this.#throughEncoder(deepest, skips, found);
    this.#freeActivations();
    const names = this.#parts.parameterNames.filter((name) => found.has(name));
    return new Map(names.map((name) => [name, found.get(name)!]));
  }

  /** Frees everything that the pass still holds; allowed at any time, also twice. */
  dispose(): void {
    this.#spent = true;
    this.#freeActivations();
    tf.dispose([...this.#parts.outputs]);
  }

  /** The gradient by what the deepest encoder level gave, and those by the skip connections, by encoder level. */
  #throughDecoder(
    outputGradients: readonly (tf.Tensor5D | null)[],
    found: Map<string, tf.Tensor>,
  ): { readonly deepest: tf.Tensor5D | undefined; readonly skips: readonly (tf.Tensor5D | undefined)[] } {
    const { encoder, decoder, heads } = this.#parts;
    const skips: tf.Tensor5D[] = [];
    let gradient: tf.Tensor5D | undefined;
    for (let level = decoder.length - 1; level >= 0; level--) {
      const output = decoder.length - 1 - level;
      const given = outputGradients[output];
      const ofHead = given && heads[output]?.backward(decoder[level]!.output, given, found);
      gradient = sumOf(gradient, ofHead ?? undefined);
      // Only coarser outputs have a gradient: this level and its skip connection get none.
      if (!gradient) continue;
      const { coarse, skip } = inputsOf(level, encoder, decoder);
      const parts = decoder[level]!.backward(coarse, skip, gradient, found);
      gradient = parts.coarse;
      skips[skipLevel(level, encoder)] = parts.skip;
    }
    return { deepest: gradient, skips };
  }

  #throughEncoder(
    deepest: tf.Tensor5D,
    skips: readonly (tf.Tensor5D | undefined)[],
    found: Map<string, tf.Tensor>,
  ): void {
    const { x, encoder } = this.#parts;
    let gradient: tf.Tensor5D | undefined = deepest;
    for (let level = encoder.length - 1; level >= 0 && gradient; level--) {
      gradient = encoder[level]!.backward(encoder[level - 1]?.output ?? x, gradient, found);
      gradient = sumOf(gradient, skips[level - 1]);
    }
  }

  #freeActivations(): void {
    for (const pass of [...this.#parts.encoder, ...this.#parts.decoder]) pass.dispose();
  }
}

/** What a decoder level reads: the level below it, and the encoder level of its own size. */
export function inputsOf(
  level: number,
  encoder: readonly LayerPass<KeptBlock>[],
  decoder: readonly DecoderPass[],
): { readonly coarse: tf.Tensor5D; readonly skip: tf.Tensor5D } {
  const coarse = (decoder[level - 1] ?? encoder.at(-1)!).output;
  return { coarse, skip: encoder[skipLevel(level, encoder)]!.output };
}

function skipLevel(level: number, encoder: readonly unknown[]): number {
  return encoder.length - 2 - level;
}

/** Sum of what is there; disposes the parts of a sum. */
function sumOf(a: tf.Tensor5D | undefined, b: tf.Tensor5D | undefined): tf.Tensor5D | undefined {
  if (!a || !b) return a ?? b;
  const sum: tf.Tensor5D = tf.add(a, b);
  tf.dispose([a, b]);
  return sum;
}
