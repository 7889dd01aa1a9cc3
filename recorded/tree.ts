/** Arguments and results of a step: tensors in arrays, objects and maps, taken apart and put together again. */
import * as tf from '@tensorflow/tfjs-core';

/** A tree without its tensors. */
export interface TreeShape {
  /**
   * Tells trees apart that are recorded each for itself: structure, types and shapes of tensors, and every other value.
   */
  readonly signature: string;
  /** The tree with these tensors in place of its own, in order. */
  rebuild(tensors: readonly tf.Tensor[]): unknown;
}

/** Numbers become scalars, float32. */
export interface FlatTree extends TreeShape {
  readonly leaves: readonly (tf.Tensor | number)[];
}

type Rebuild = (next: () => tf.Tensor) => unknown;

/** An array, a map or an object: its parts with their keys, and how it is made of others. */
interface Branching {
  readonly brackets: readonly [string, string];
  readonly entries: readonly (readonly [unknown, unknown])[];
  join(entries: (readonly [unknown, unknown])[]): unknown;
}

/** @param refuse says what may not be in the tree, given its place and itself; it throws */
export function flatten(tree: unknown, refuse: (place: string, value: unknown) => never): FlatTree {
  const leaves: (tf.Tensor | number)[] = [];
  const signature: string[] = [];

  const visit = (value: unknown, place: string): Rebuild => {
    if (value instanceof tf.Tensor || typeof value === 'number') {
      leaves.push(value);
      signature.push(typeof value === 'number' ? 'float32[]' : `${value.dtype}[${value.shape}]`);
      return (next) => next();
    }
    const branching = branchingOf(value);
    if (branching) return branch(branching, place);
    if (!isFixed(value)) return refuse(place, value);
    signature.push(value === undefined ? 'undefined' : JSON.stringify(value));
    return () => value;
  };

  const branch = ({ brackets, entries, join }: Branching, place: string): Rebuild => {
    signature.push(brackets[0]);
    const parts = entries.map(([key, value]) => {
      signature.push(`${JSON.stringify(key)}:`);
      return [key, visit(value, `${place}.${String(key)}`)] as const;
    });
    signature.push(brackets[1]);
    return (next) => join(parts.map(([key, part]) => [key, part(next)]));
  };

  const rebuild = visit(tree, '');
  return {
    leaves,
    signature: signature.join(' '),
    rebuild: (tensors) => {
      let at = 0;
      return rebuild(() => tensors[at++]!);
    },
  };
}

function branchingOf(value: unknown): Branching | undefined {
  if (Array.isArray(value)) {
    return {
      brackets: ['[', ']'],
      entries: [...value.entries()],
      join: (entries) => entries.map(([, part]) => part),
    };
  }
  if (value instanceof Map) {
    return { brackets: ['<', '>'], entries: [...value], join: (entries) => new Map(entries) };
  }
  if (isPlainObject(value)) {
    return {
      brackets: ['{', '}'],
      entries: Object.entries(value),
      join: (entries) => Object.fromEntries(entries as (readonly [string, unknown])[]),
    };
  }
  return undefined;
}

function isPlainObject(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/** What a tree is recorded for each value of. */
function isFixed(value: unknown): boolean {
  return value === undefined || value === null || typeof value === 'boolean' || typeof value === 'string';
}
