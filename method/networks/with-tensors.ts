/** Tensors that must be freed by hand, freed at the end of a piece of work however it ends. */
import * as tf from '@tensorflow/tfjs-core';

/** Marks the tensors of a tree to be freed, and hands it back. Those that are freed before are left alone. */
export type KeepTensors = <Tree extends object | undefined>(tree: Tree) => Tree;

/**
 * Runs the work, then frees what it kept, also when the work fails: a process that has failed at a step takes the next
 * one.
 */
export function withTensors<Result>(work: (keep: KeepTensors) => Result): Result {
  const kept: tf.TensorContainer[] = [];
  try {
    return work((tree) => {
      kept.push(tree as unknown as tf.TensorContainer);
      return tree;
    });
  } finally {
    tf.dispose(kept);
  }
}
