/**
 * Checkpoints of a training: complete artefacts named by their step. The newest one is found by listing, older ones are
 * removed once a newer one is complete, all of them once the result is.
 */
import type { ArtefactRef } from '../../ground/artefact-ref.ts';
import type { NamedArrays } from '../../method/networks/named-arrays.ts';
import { decodeSafetensors, encodeSafetensors } from '../../method/networks/safetensors.ts';
import { deleteArtefact, findArtefact, readArtefact, writeArtefact } from '../../storage/artefacts.ts';
import type { ActivityContext } from '../context.ts';

/** What a checkpoint holds. */
export interface StoredState {
  /** Weights and moments of everything that is trained. */
  readonly arrays: NamedArrays;
  /** The rest: counters, best values, the curve so far. */
  readonly json: unknown;
}

const NAME = /checkpoint-(\d{8})\.safetensors$/;

export class Checkpoints {
  readonly #context: ActivityContext;
  readonly #folder: string;

  /** @param folder key prefix, ending in a slash */
  constructor(context: ActivityContext, folder: string) {
    this.#context = context;
    this.#folder = folder;
  }

  /** The newest complete checkpoint. */
  async newest(): Promise<{ step: number; state: StoredState } | undefined> {
    for (const step of (await this.#steps()).reverse()) {
      const reference = await findArtefact(this.#context.store, this.#key(step));
      if (!reference) continue;
      const { arrays, metadata } = decodeSafetensors(await readArtefact(this.#context.store, reference));
      return { step, state: { arrays, json: JSON.parse(metadata.state ?? 'null') } };
    }
    return undefined;
  }

  /** Stores the state after `step` steps, then removes what it replaces. */
  async save(step: number, { arrays, json }: StoredState, inputs: readonly ArtefactRef[]): Promise<void> {
    const { store, codeVersion } = this.#context;
    const key = this.#key(step);
    if (!(await findArtefact(store, key))) {
      const bytes = encodeSafetensors(arrays, { kind: 'training-state', state: JSON.stringify(json) });
      await writeArtefact(store, key, bytes, { inputs, codeVersion, mediaType: 'application/octet-stream' });
    }
    await this.#removeBefore(step);
  }

  /** Removes all of them. */
  async clear(): Promise<void> {
    await this.#removeBefore(Number.POSITIVE_INFINITY);
  }

  async #removeBefore(step: number): Promise<void> {
    for (const older of await this.#steps()) {
      if (older < step) await deleteArtefact(this.#context.store, this.#key(older));
    }
  }

  /** Steps of all checkpoints, complete or not, in order. */
  async #steps(): Promise<number[]> {
    const steps: number[] = [];
    for await (const { key } of this.#context.store.list(`${this.#folder}checkpoint-`)) {
      const match = NAME.exec(key);
      if (match) steps.push(Number(match[1]));
    }
    return steps.sort((a, b) => a - b);
  }

  #key(step: number): string {
    return `${this.#folder}checkpoint-${String(step).padStart(8, '0')}.safetensors`;
  }
}
