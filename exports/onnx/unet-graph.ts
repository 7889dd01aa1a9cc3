/**
 * The U-Net of method.md 3 as operators of ONNX, layer by layer as in method/networks/layers.ts. Axes are [batch,
 * channel, time, row, column], as ONNX orders them.
 */
import { LEAKY_SLOPE, NORM_EPSILON } from '../../method/networks/kernels/kernel-interface.ts';
import { arrayOf, type NamedArrays, permuteAxes } from '../../method/networks/named-arrays.ts';
import type { ConvolutionPlan, UNetPlan } from '../../method/networks/unet-plan.ts';
import { type AttributeProto, attributeTypes, FLOAT, type NodeProto, type TensorProto } from './schema.ts';

/** Filters of PyTorch, [out, in, row, column, time], with time first among their axes. */
const toOnnxOrder = [0, 1, 4, 2, 3];

const ints = (name: string, values: readonly number[]): AttributeProto => ({
  name,
  type: attributeTypes.ints,
  ints: values,
});
const float = (name: string, value: number): AttributeProto => ({
  name,
  type: attributeTypes.float,
  f: value,
});
const axis = (value: number): AttributeProto => ({ name: 'axis', type: attributeTypes.int, i: value });

export interface NetworkGraph {
  readonly node: readonly NodeProto[];
  readonly initializer: readonly TensorProto[];
}

/** Collects operators; each gives the name of its output. */
class GraphBuilder implements NetworkGraph {
  readonly node: NodeProto[] = [];
  readonly initializer: TensorProto[] = [];
  readonly #plan: UNetPlan;
  readonly #arrays: NamedArrays;

  constructor(plan: UNetPlan, arrays: NamedArrays) {
    this.#plan = plan;
    this.#arrays = arrays;
  }

  #add(
    opType: string,
    output: string,
    input: readonly string[],
    attribute: readonly AttributeProto[],
  ): string {
    this.node.push({ opType, name: output, input, output: [output], attribute });
    return output;
  }

  #weight(name: string): string {
    const { shape } = this.#plan.parameters.find((parameter) => parameter.name === name)!;
    const array = arrayOf(this.#arrays, name, shape, 'The network');
    const { shape: dims, data } = shape.length === 5 ? permuteAxes(array, toOnnxOrder) : array;
    const rawData = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    this.initializer.push({ name, dims, dataType: FLOAT, rawData });
    return name;
  }

  /** Symmetric padding floor((k - s + 1) / 2), no bias: a norm that follows would take it away again. */
  convolution(x: string, { name, kernel, strides }: ConvolutionPlan, output = name): string {
    const pads = kernel.map((size, axis) => Math.floor((size - strides[axis]! + 1) / 2));
    return this.#add(
      'Conv',
      output,
      [x, this.#weight(`${name}.conv.weight`)],
      [ints('kernel_shape', kernel), ints('strides', strides), ints('pads', [...pads, ...pads])],
    );
  }

  #normalised(x: string, plan: ConvolutionPlan): string {
    const { name } = plan;
    const convolved = this.convolution(x, plan);
    const scale = this.#weight(`${name}.norm.weight`);
    const offset = this.#weight(`${name}.norm.bias`);
    const normed = this.#add(
      'InstanceNormalization',
      `${name}.norm`,
      [convolved, scale, offset],
      [float('epsilon', NORM_EPSILON)],
    );
    return this.#add('LeakyRelu', `${name}.activation`, [normed], [float('alpha', LEAKY_SLOPE)]);
  }

  block(x: string, [first, second]: readonly [ConvolutionPlan, ConvolutionPlan]): string {
    return this.#normalised(this.#normalised(x, first), second);
  }

  /** Transposed convolution, then the skip connection after it among the channels. */
  joined(coarse: string, skip: string, { name, kernel, strides }: ConvolutionPlan): string {
    const up = this.#add(
      'ConvTranspose',
      name,
      [coarse, this.#weight(`${name}.weight`)],
      [ints('kernel_shape', kernel), ints('strides', strides)],
    );
    return this.#add('Concat', `${name}.joined`, [up, skip], [axis(1)]);
  }
}

/**
 * The network from the tensor `input` to the tensor `output`, its logits; heads of deep supervision are left out.
 * @param arrays the parameters in PyTorch's names and layouts.
 * @throws DomainError CheckpointIncompatible when one is missing or has another shape.
 */
export function unetGraph(plan: UNetPlan, arrays: NamedArrays, input: string, output: string): NetworkGraph {
  const graph = new GraphBuilder(plan, arrays);
  const skips: string[] = [];
  let current = input;
  for (const block of plan.encoder) {
    current = graph.block(current, block);
    skips.push(current);
  }
  skips.pop();
  for (const { up, block } of plan.decoder) {
    current = graph.block(graph.joined(current, skips.pop()!, up), block);
  }
  graph.convolution(current, plan.output, output);
  return graph;
}
