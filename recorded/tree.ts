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

/** @param refuse says what may not be in the tree, given its place and itself; it throws */
export function flatten(tree: unknown, refuse: (place: string, value: unknown) => never): FlatTree {
  const leaves: (tf.Tensor | number)[] = [];
  const signature: string[] = [];

  const branches = (entries: [unknown, unknown][], place: string): [unknown, Rebuild][] =>
    entries.map(([key, value]) => {
      signature.push(`${JSON.stringify(key)}:`);
      return [key, visit(value, `${place}.${String(key)}`)];
    });

  const visit = (value: unknown, place: string): Rebuild => {
    if (value instanceof tf.Tensor || typeof value === 'number') {
      leaves.push(value);
      signature.push(typeof value === 'number' ? 'float32[]' : `${value.dtype}[${value.shape}]`);
      return (next) => next();
    }
    if (Array.isArray(value)) {
      signature.push('[');
      const parts = branches([...value.entries()], place);
      signature.push(']');
      return (next) => parts.map(([, part]) => part(next));
    }
    if (value instanceof Map) {
      signature.push('<');
      const parts = branches([...value], place);
      signature.push('>');
      return (next) => new Map(parts.map(([key, part]) => [key, part(next)]));
    }
    if (isPlainObject(value)) {
      signature.push('{');
      const parts = branches(Object.entries(value), place);
      signature.push('}');
      return (next) => Object.fromEntries(parts.map(([key, part]) => [key, part(next)]));
    }
    if (value !== undefined && value !== null && typeof value !== 'boolean' && typeof value !== 'string')
      return refuse(place, value);
    signature.push(value === undefined ? 'undefined' : JSON.stringify(value));
    return () => value;
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

function isPlainObject(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
