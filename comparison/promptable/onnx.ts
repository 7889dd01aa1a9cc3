/** ONNX models by onnxruntime-node, which is not installed with the package: nothing of ours needs it. */
import { DomainError } from '../../ground/errors.ts';
import type { StoredBytes } from '../system.ts';

/** float32, row-major. */
export interface OnnxArray {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

export type OnnxArrays = Readonly<Record<string, OnnxArray>>;

export interface OnnxModel {
  /** For errors: where it came from. */
  readonly origin: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  /** @throws DomainError CheckpointIncompatible where the model has other inputs, or gives no float32. */
  run(inputs: OnnxArrays): Promise<OnnxArrays>;
  dispose(): Promise<void>;
}

/** The part of onnxruntime-node that is called here; the package ships no types. */
interface OnnxRuntime {
  readonly InferenceSession: {
    create(model: Uint8Array, options: { readonly logSeverityLevel: number }): Promise<OnnxSession>;
  };
  readonly Tensor: new (type: 'float32', data: Float32Array, shape: number[]) => unknown;
}

interface OnnxSession {
  readonly inputNames: readonly string[];
  readonly outputNames: readonly string[];
  run(
    inputs: Readonly<Record<string, unknown>>,
  ): Promise<Readonly<Record<string, { readonly dims: readonly number[]; readonly data: unknown }>>>;
  release(): Promise<void>;
}

/** A name and not an import: the package is there only where somebody installed it. */
const RUNTIME = 'onnxruntime-node';

/** Errors only. */
const LOG_SEVERITY = 3;

/** @throws DomainError BackendMissing without the runtime, CheckpointIncompatible for what is no model. */
export async function openOnnx({ bytes, origin }: StoredBytes): Promise<OnnxModel> {
  const runtime = await loadRuntime();
  const session = await runtime.InferenceSession.create(bytes, { logSeverityLevel: LOG_SEVERITY }).catch(
    (error: Error) => {
      throw new DomainError(
        'CheckpointIncompatible',
        `${origin}: onnxruntime cannot open it (${error.message}). Expected an ONNX model.`,
      );
    },
  );
  return {
    origin,
    inputs: session.inputNames,
    outputs: session.outputNames,
    run: async (inputs) => {
      const feeds = Object.entries(inputs).map(
        ([name, { shape, data }]) => [name, new runtime.Tensor('float32', data, [...shape])] as const,
      );
      const results = await session.run(Object.fromEntries(feeds)).catch((error: Error) => {
        throw new DomainError(
          'CheckpointIncompatible',
          `${origin}: the model cannot be run as this system asks it (${error.message}). It has the inputs ${session.inputNames.join(', ')}; docs/comparison.md says which are expected.`,
        );
      });
      return Object.fromEntries(
        Object.entries(results).map(([name, { dims, data }]) => [
          name,
          { shape: [...dims], data: floatsOf(data, `${origin}: the output ${name}`) },
        ]),
      );
    },
    dispose: () => session.release(),
  };
}

function floatsOf(data: unknown, what: string): Float32Array {
  if (data instanceof Float32Array) return data;
  const found = (data as object).constructor.name;
  throw new DomainError('CheckpointIncompatible', `${what} is expected as float32, found ${found}.`);
}

async function loadRuntime(): Promise<OnnxRuntime> {
  try {
    return (await import(RUNTIME)) as OnnxRuntime;
  } catch (error) {
    throw new DomainError(
      'BackendMissing',
      'This system needs onnxruntime-node, which is not installed where the compute workers run. Install it there: npm install onnxruntime-node@1.20.1',
      {},
      { cause: error },
    );
  }
}
