/** How promptable models are asked: what goes in for a frame and a prompt, and what comes out as labels. */
import { DomainError } from '../../ground/errors.ts';
import { LEFT_VENTRICLE, MYOCARDIUM } from '../../ground/labels.ts';
import { type GreyVideo, geometryOf, type LabelVideo, labelFrame } from '../../imaging/image.ts';
import {
  boxOf,
  clickOf,
  epicardium,
  type FrameSettings,
  frameInput,
  logitsOnFrame,
  myocardium,
  scaleOf,
  ventricle,
} from './frames.ts';
import type { OnnxArray, OnnxModel } from './onnx.ts';

/** Masks of a video out of masks that prompt. */
export type Prompted = (image: GreyVideo, prompts: LabelVideo) => Promise<LabelVideo>;

/** Inputs that carry memory, by name: their shape, and the output that gives it back. */
export type Memory = Readonly<Record<string, { readonly shape: readonly number[]; readonly output: string }>>;

/** Every frame by itself: where a structure's logits are above 0. */
async function eachFrame(
  image: GreyVideo,
  prompts: LabelVideo,
  work: (frame: number, prompt: Uint8Array) => Promise<Uint8Array>,
): Promise<LabelVideo> {
  const labels = new Uint8Array(image.intensities.length);
  const pixels = image.rows * image.columns;
  for (let frame = 0; frame < image.frames; frame++) {
    labels.set(await work(frame, labelFrame(prompts, frame).labels), frame * pixels);
  }
  return { ...geometryOf(image), labels };
}

/** The cavity, and around it what else of the heart is found. */
function joined(
  cavity: Float32Array | undefined,
  heart: Float32Array | undefined,
  pixels: number,
): Uint8Array {
  return Uint8Array.from({ length: pixels }, (_, i) => {
    if (cavity && cavity[i]! > 0) return LEFT_VENTRICLE;
    return heart && heart[i]! > 0 ? MYOCARDIUM : 0;
  });
}

const vector = (...values: number[]): Float32Array => Float32Array.from(values);

export function openMedSam([encoder, decoder]: readonly OnnxModel[], frames: FrameSettings): Prompted {
  return (image, prompts) =>
    eachFrame(image, prompts, async (frame, prompt) => {
      const { rows, columns } = image;
      const scale = scaleOf(image, frames);
      const encoded = await encoder!.run({ [encoder!.inputs[0]!]: frameInput(image, frame, frames) });
      const embedding = encoded[encoder!.outputs[0]!]!;
      const logitsOf = async (wanted: readonly number[]): Promise<Float32Array | undefined> => {
        const box = boxOf(prompt, columns, wanted);
        if (!box) return undefined;
        const scaled = box.map(
          (value, i) => (value + (i < 2 ? 0 : 1)) * (i % 2 === 0 ? scale.column : scale.row),
        );
        return decoder!.inputs.includes('point_coords')
          ? segmentAnything(decoder!, embedding, scaled, { rows, columns })
          : plainBox(decoder!, embedding, scaled, { rows, columns }, frames);
      };
      // Of the wall no box can be told from the heart's: the heart is asked for, and the cavity taken out of it.
      return joined(await logitsOf(ventricle), await logitsOf(epicardium), rows * columns);
    });
}

interface Grid {
  readonly rows: number;
  readonly columns: number;
}

async function plainBox(
  decoder: OnnxModel,
  embedding: OnnxArray,
  box: readonly number[],
  grid: Grid,
  frames: FrameSettings,
): Promise<Float32Array> {
  const outputs = await decoder.run({ embedding, box: { shape: [1, 4], data: vector(...box) } });
  return logitsOnFrame(outputs[decoder.outputs[0]!]!, grid, frames);
}

/** The decoder as Segment Anything exports it: the box as two labelled points, masks on the grid of the frame. */
async function segmentAnything(
  decoder: OnnxModel,
  embedding: OnnxArray,
  box: readonly number[],
  { rows, columns }: Grid,
): Promise<Float32Array> {
  const { masks } = await decoder.run({
    image_embeddings: embedding,
    point_coords: { shape: [1, 2, 2], data: vector(...box) },
    point_labels: { shape: [1, 2], data: vector(2, 3) },
    mask_input: { shape: [1, 1, 256, 256], data: new Float32Array(256 * 256) },
    has_mask_input: { shape: [1], data: vector(0) },
    orig_im_size: { shape: [2], data: vector(rows, columns) },
  });
  if (masks && masks.data.length >= rows * columns) return masks.data.slice(0, rows * columns);
  throw new DomainError(
    'CheckpointIncompatible',
    `${decoder.origin}: expected the output "masks" on the grid of the frame, ${rows} x ${columns}, found ${masks ? `[${masks.shape.join(', ')}]` : decoder.outputs.join(', ')}.`,
  );
}

export function openSamus([network]: readonly OnnxModel[], frames: FrameSettings): Prompted {
  return (image, prompts) =>
    eachFrame(image, prompts, async (frame, prompt) => {
      const input = frameInput(image, frame, frames);
      const logitsOf = async (wanted: readonly number[]) => {
        const click = clickInput(image, prompt, wanted, frames);
        if (!click) return undefined;
        const outputs = await network!.run({
          image: input,
          point: click,
          label: { shape: [1, 1], data: vector(1) },
        });
        return logitsOnFrame(outputs[network!.outputs[0]!]!, image, frames);
      };
      return joined(await logitsOf(ventricle), await logitsOf(myocardium), image.rows * image.columns);
    });
}

function clickInput(
  image: GreyVideo,
  prompt: Uint8Array,
  wanted: readonly number[],
  frames: FrameSettings,
): OnnxArray | undefined {
  const click = clickOf(prompt, image.columns, wanted);
  const scale = scaleOf(image, frames);
  return (
    click && { shape: [1, 1, 2], data: vector((click[0] + 0.5) * scale.column, (click[1] + 0.5) * scale.row) }
  );
}

/** The first frame that shows the structure is clicked; from there on the memory leads. */
export function openMemSam([network]: readonly OnnxModel[], frames: FrameSettings, memory: Memory): Prompted {
  const follow = async (image: GreyVideo, prompts: LabelVideo, wanted: readonly number[]) => {
    let carried: Record<string, OnnxArray> = Object.fromEntries(
      Object.entries(memory).map(([name, { shape }]) => {
        const size = shape.reduce((product, length) => product * length, 1);
        return [name, { shape, data: new Float32Array(size) }];
      }),
    );
    let clicked = false;
    const found: (Float32Array | undefined)[] = [];
    for (let frame = 0; frame < image.frames; frame++) {
      const click = clicked
        ? undefined
        : clickInput(image, labelFrame(prompts, frame).labels, wanted, frames);
      if (!clicked && !click) {
        found.push(undefined);
        continue;
      }
      clicked = true;
      const outputs = await network!.run({
        image: frameInput(image, frame, frames),
        point: click ?? { shape: [1, 1, 2], data: vector(0, 0) },
        label: { shape: [1, 1], data: vector(click ? 1 : -1) },
        ...carried,
      });
      carried = Object.fromEntries(
        Object.entries(memory).map(([name, { output }]) => [name, memoryIn(outputs, output)]),
      );
      found.push(logitsOnFrame(outputs.logits ?? outputs[network!.outputs[0]!]!, image, frames));
    }
    return found;
  };
  return async (image, prompts) => {
    const cavity = await follow(image, prompts, ventricle);
    const wall = await follow(image, prompts, myocardium);
    return eachFrame(image, prompts, async (frame) =>
      joined(cavity[frame], wall[frame], image.rows * image.columns),
    );
  };
}

function memoryIn(outputs: Readonly<Record<string, OnnxArray>>, name: string): OnnxArray {
  const found = outputs[name];
  if (found) return found;
  throw new DomainError('CheckpointIncompatible', `The model gives no memory "${name}" back.`);
}
