/**
 * Checkpoints of a training: complete artefacts named by their step. The newest one that can be read is where it goes
 * on; the one before it is kept for the case that the newest cannot, older ones are removed, and all of them once the
 * result is stored.
 */
import type { ArtefactRef } from '../../ground/artefact-ref.ts';
import type { NamedArrays } from '../../method/networks/named-arrays.ts';
import { decodeSafetensors, encodeSafetensors } from '../../method/networks/safetensors.ts';
import {
  deleteArtefact,
  findArtefact,
  readArtefactAt,
  recordKey,
  writeArtefact,
} from '../../storage/artefacts.ts';
import { outlivingCancellation } from '../../storage/cancellable-store.ts';
import { workerLimits } from '../../temporal.config.ts';
import { isDamage } from '../artefacts/damage.ts';
import { type ActivityContext, originOf } from '../context.ts';

/** What a checkpoint holds. */
export interface StoredState {
  /** Weights and moments of everything that is trained. */
  readonly arrays: NamedArrays;
  /** The rest: counters, best values, the curve so far. */
  readonly json: unknown;
}

const KEPT = 2;
const NAME = /checkpoint-(\d{8})\.safetensors(\.json)?$/;

export class Checkpoints {
  readonly #context: ActivityContext;
  readonly #folder: string;

  /** @param folder key prefix, ending in a slash */
  constructor(context: ActivityContext, folder: string) {
    this.#context = context;
    this.#folder = folder;
  }

  /** The newest complete checkpoint that can be read. Damaged ones are removed, with a warning in the log for each. */
  async newest(): Promise<{ step: number; state: StoredState } | undefined> {
    for (const step of (await this.#complete()).reverse()) {
      const state = await this.#readOrRemove(step);
      if (state) return { step, state };
    }
    return undefined;
  }

  /** Stores the state after `step` steps, then removes what it replaces; also when the activity is cancelled. */
  async save(step: number, { arrays, json }: StoredState, inputs: readonly ArtefactRef[]): Promise<void> {
    const { signal } = this.#context;
    const store = signal.aborted
      ? outlivingCancellation(this.#context.store, workerLimits.compute.lastCheckpointMs)
      : this.#context.store;
    const key = this.#key(step);
    if (!(await findArtefact(store, key))) {
      const bytes = encodeSafetensors(arrays, { kind: 'training-state', state: JSON.stringify(json) });
      await writeArtefact(store, key, bytes, originOf(this.#context, inputs, 'application/octet-stream'));
    }
    // When there is little time, the next attempt removes them.
    if (signal.aborted) return;
    const oldestKept = (await this.#complete()).filter((complete) => complete <= step).at(-KEPT);
    if (oldestKept !== undefined) await this.#removeBefore(oldestKept);
  }

  /** Removes all of them. */
  async clear(): Promise<void> {
    await this.#removeBefore(Number.POSITIVE_INFINITY);
  }

  async #readOrRemove(step: number): Promise<StoredState | undefined> {
    const { store, log } = this.#context;
    const key = this.#key(step);
    try {
      const found = await readArtefactAt(store, key);
      if (!found) return undefined;
      const { arrays, metadata } = decodeSafetensors(found.bytes);
      return { arrays, json: JSON.parse(metadata.state ?? 'null') };
    } catch (error) {
      if (!isDamage(error)) throw error;
      log.warn(
        { key, code: error.code, reason: error.message },
        'checkpoint damaged: the training goes back to the one before it, or to its beginning',
      );
      // So that the same step can be saved again.
      await deleteArtefact(store, key);
      return undefined;
    }
  }

  async #removeBefore(step: number): Promise<void> {
    for (const older of (await this.#listed()).keys()) {
      if (older < step) await deleteArtefact(this.#context.store, this.#key(older));
    }
  }

  /** Steps of the checkpoints that have a record, in order. */
  async #complete(): Promise<number[]> {
    return [...(await this.#listed())].flatMap(([step, complete]) => (complete ? [step] : []));
  }

  /** Steps of all checkpoints in order, and whether each has a record. */
  async #listed(): Promise<Map<number, boolean>> {
    const listed = new Map<number, boolean>();
    for await (const { key } of this.#context.store.list(`${this.#folder}checkpoint-`)) {
      const step = NAME.exec(key)?.[1];
      if (step === undefined) continue;
      const complete = key === recordKey(this.#key(Number(step)));
      listed.set(Number(step), complete || listed.get(Number(step)) === true);
    }
    return new Map([...listed].sort(([a], [b]) => a - b));
  }

  #key(step: number): string {
    return `${this.#folder}checkpoint-${String(step).padStart(8, '0')}.safetensors`;
  }
}
