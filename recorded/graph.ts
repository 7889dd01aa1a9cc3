/** A tape as a graph of TensorFlow: the message GraphDef (tensorflow/core/framework/graph.proto and its neighbours). */
import { attributeKinds, dataTypes, elementSizes, type OpAttribute } from './native-backend.ts';
import {
  bytesField,
  type Encoded,
  floatField,
  floatsField,
  integerField,
  integersField,
  joined,
  messageField,
} from './protobuf.ts';
import {
  type Constant,
  nameIn,
  type Operation,
  outputIn,
  type Reference,
  type Source,
  type Tape,
} from './tape.ts';

/** The graph of a function, with the names of the nodes that it is called by. */
export interface FunctionGraph {
  /** A GraphDef. */
  readonly graph: Uint8Array;
  /** The step's inputs, then the variables that it reads. */
  readonly inputs: readonly string[];
  /** What the step returns, then the new values of variables. */
  readonly outputs: readonly string[];
}

/** A version of the format since which nothing changed for the operations that tfjs-node runs. */
const GRAPH_VERSION = 1087;

/** @param waits operations that an operation waits for besides its inputs, by its name */
export function functionGraph(tape: Tape, waits: ReadonlyMap<string, readonly string[]>): FunctionGraph {
  const sources = [...tape.inputs, ...tape.variables];
  const results = [...tape.outputs, ...tape.assigned.map(({ value }) => value)];
  const typeOf = typesOf(tape);
  const nodes = [
    ...sources.map(placeholderNode),
    ...tape.constants.map(constantNode),
    ...tape.operations.map((operation) => operationNode(operation, waits.get(operation.name) ?? [])),
    // A function gives the first outputs of nodes, and no node twice.
    ...results.map((reference, index) =>
      node(outputName(index), 'Identity', [reference], [typeAttribute('T', typeOf(reference))]),
    ),
  ];
  return {
    graph: joined([
      ...nodes.flatMap((message) => messageField(1, message)),
      ...messageField(4, integerField(1, GRAPH_VERSION)),
    ]),
    inputs: sources.map(({ name }) => name),
    outputs: results.map((_, index) => outputName(index)),
  };
}

function outputName(index: number): string {
  return `output_${index}`;
}

function typesOf(tape: Tape): (reference: Reference) => number {
  const types = new Map<string, readonly { readonly dtype: number }[]>(
    [...tape.inputs, ...tape.variables, ...tape.constants].map((source) => [source.name, [source]]),
  );
  for (const { name, outputs } of tape.operations) types.set(name, outputs);
  return (reference) => types.get(nameIn(reference))![outputIn(reference)]!.dtype;
}

function node(name: string, operation: string, inputs: readonly string[], attributes: Encoded[]): Encoded {
  return [
    ...bytesField(1, name),
    ...bytesField(2, operation),
    ...inputs.flatMap((input) => bytesField(3, input)),
    ...attributes.flatMap((attribute) => messageField(5, attribute)),
  ];
}

/** An entry of a node's attributes, whose value is an AttrValue. */
function attribute(name: string, value: Encoded): Encoded {
  return [...bytesField(1, name), ...messageField(2, value)];
}

function typeAttribute(name: string, dtype: number): Encoded {
  return attribute(name, integerField(6, dtype));
}

function placeholderNode({ name, dtype, shape }: Source): Encoded {
  return node(
    name,
    'Placeholder',
    [],
    [typeAttribute('dtype', dtype), attribute('shape', messageField(7, shapeMessage(shape)))],
  );
}

function constantNode({ name, dtype, shape, content }: Constant): Encoded {
  const tensor = [
    ...integerField(1, dtype),
    ...messageField(2, shapeMessage(shape)),
    ...(content.length === elementSizes[dtype] ? repeatedNumber(dtype, content) : bytesField(4, content)),
  ];
  return node(
    name,
    'Const',
    [],
    [typeAttribute('dtype', dtype), attribute('value', messageField(8, tensor))],
  );
}

/** The field of a TensorProto that gives a number once for all elements. */
function repeatedNumber(dtype: number, content: Uint8Array): Encoded {
  const bytes = new DataView(content.buffer, content.byteOffset);
  if (dtype === dataTypes.float32) return bytesField(5, content);
  if (dtype === dataTypes.int32) return integersField(7, [bytes.getInt32(0, true)]);
  return integersField(11, [bytes.getUint8(0)]);
}

function shapeMessage(shape: readonly number[]): Encoded {
  return shape.flatMap((size) => messageField(2, integerField(1, size)));
}

function operationNode(operation: Operation, waits: readonly string[]): Encoded {
  const { name, type, inputs, attributes } = operation;
  return node(
    name,
    type,
    // Control inputs come last.
    [...inputs, ...waits.map((other) => `^${other}`)],
    attributes.map((given) => attribute(given.name, attributeValue(given))),
  );
}

function attributeValue({ type, value }: OpAttribute): Encoded {
  switch (attributeKinds[type]) {
    case 'string':
      return bytesField(2, value as string);
    case 'integer':
      return Array.isArray(value)
        ? messageField(1, integersField(3, value))
        : integerField(3, value as number);
    case 'float':
      return Array.isArray(value) ? messageField(1, floatsField(4, value)) : floatField(4, value as number);
    case 'boolean':
      return Array.isArray(value)
        ? messageField(1, integersField(5, value))
        : integerField(5, value as boolean);
    case 'type':
      return integerField(6, value as number);
    case 'shape':
      return messageField(7, shapeMessage(value as number[]));
    default:
      throw new Error(`No attribute of an operation has the type ${type}.`);
  }
}
