/** What is peculiar to single operations of TensorFlow when they are part of a function. */
import { attributeOf, type OpAttribute, type OutputInfo } from './native-backend.ts';

const obstacles: readonly (readonly [RegExp, string])[] = [
  [
    /^(Where|Unique|NonMaxSuppression|SparseFillEmptyRows|RaggedRange|ListDiff)/,
    'the shape of whose result depends on the numbers that it is given: run it outside',
  ],
  [
    /^(Random|Multinomial|TruncatedNormal|ParameterizedTruncatedNormal)/,
    'which draws from a state of its own: use StatelessRandomNormal or its like, with a seed that is an argument',
  ],
  // On processors, TensorFlow puts oneDNN's kernels in their place inside of functions alone.
  [/^Softmax$/, 'whose last bits differ inside of functions: use tf.exp(tf.logSoftmax(x))'],
  [/^MaxPool(3D)?Grad/, 'whose last bits differ inside of functions'],
];

/** Why an operation cannot be part of a recorded step; undefined where it can. */
export function obstacleOf(type: string): string | undefined {
  return obstacles.find(([types]) => types.test(type))?.[1];
}

/** A copy of the attributes with those that TensorFlow infers for single operations but not in graphs. */
export function completeAttributes(
  type: string,
  attributes: readonly (OpAttribute | null | undefined)[],
  results: readonly OutputInfo[],
): OpAttribute[] {
  const complete = attributes
    .filter((attribute) => attribute !== null && attribute !== undefined)
    .map((attribute) => ({
      name: attribute.name,
      type: attribute.type,
      value: Array.isArray(attribute.value) ? [...attribute.value] : attribute.value,
    }));
  // tfjs-node runs this one without any.
  if (type === 'ExpandDims' && complete.length === 0) complete.push(attributeOf.type('T', results[0]!.dtype));
  return complete;
}
