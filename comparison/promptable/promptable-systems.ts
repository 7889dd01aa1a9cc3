/**
 * Foundation models as rows: MedSAM and its like (an encoder once a frame, a box a structure), SAMUS (one click) and
 * MemSAM (one click on the first frame, memory from call to call). Their weights are the user's, as ONNX models.
 */
import { z } from 'zod';
import { DomainError } from '../../ground/errors.ts';
import { LEFT_VENTRICLE, MYOCARDIUM } from '../../ground/labels.ts';
import { type GreyVideo, geometryOf, type LabelVideo, labelFrame } from '../../imaging/image.ts';
import { policyPredictor } from '../policy-predictor.ts';
import { sourceTraining } from '../source-training.ts';
import type { ComparedVideo, PredictionMaterial, System, VideoPredictor } from '../system.ts';
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
import { type OnnxArray, type OnnxModel, openOnnx } from './onnx.ts';

const SettingsSchema = z.strictObject({
  title: z.string().min(1).max(80).exactOptional().describe('of the row'),
  prompts: z
    .enum(['policy', 'oracle'])
    .default('policy')
    .describe('where boxes and clicks come from: a policy of this project, or the test references'),
  size: z.int().min(16).max(2048).exactOptional().describe('side of the square input, pixels'),
  fit: z.enum(['stretch', 'pad']).exactOptional(),
  levels: z.enum(['minmax', 'sam']).exactOptional(),
  channels: z.union([z.literal(1), z.literal(3)]).exactOptional(),
  share: z
    .number()
    .gt(0)
    .max(1)
    .default(1)
    .describe('of the test videos, chosen by their ids: a frame takes seconds on a processor'),
  memory: z
    .record(z.string(), z.strictObject({ shape: z.array(z.int().min(1)).min(1), output: z.string().min(1) }))
    .default({})
    .describe('of MemSAM: every input that carries memory, its shape, and the output that gives it back'),
});
type Settings = z.infer<typeof SettingsSchema>;

interface Kind {
  readonly title: string;
  readonly summary: string;
  readonly frames: FrameSettings;
  /** Names of the files that its weights are in. */
  readonly files: readonly string[];
  readonly open: (models: readonly OnnxModel[], frames: FrameSettings, settings: Settings) => Prompted;
}

/** Masks of a video out of masks that prompt. */
type Prompted = (image: GreyVideo, prompts: LabelVideo) => Promise<LabelVideo>;

function promptable(kind: Kind): System<Settings> {
  return {
    settings: SettingsSchema,
    describe: ({ title = kind.title, prompts, share }) => ({
      title: prompts === 'oracle' ? `${title} (oracle prompts)` : title,
      summary: `${kind.summary} Prompts from ${prompts === 'oracle' ? 'the test references' : 'the masks of our policy'}.${share < 1 ? ` On ${Math.round(100 * share)} % of the test videos.` : ''}`,
      standing: prompts === 'oracle' ? 'oracle' : 'contender',
    }),
    // Its prompts come from the policy that all adaptations start from, unless the row names another.
    train: ({ prompts }) => (prompts === 'policy' ? [sourceTraining] : []),
    predict: (material) => openPromptable(kind, material),
  };
}

async function openPromptable(kind: Kind, material: PredictionMaterial<Settings>): Promise<VideoPredictor> {
  const { settings, files, model, config } = material;
  const absent = kind.files.filter((name) => files[name] === undefined);
  if (absent.length > 0) {
    throw new DomainError(
      'ArtefactMissing',
      `The weights of ${kind.title} are not here: it needs the ONNX files ${absent.join(' and ')} (docs/comparison.md). They are its makers' and come with nothing of ours.`,
    );
  }
  const { size, fit, levels, channels } = settings;
  const frames = {
    ...kind.frames,
    ...(size !== undefined && { size }),
    ...(fit !== undefined && { fit }),
    ...(levels !== undefined && { levels }),
    ...(channels !== undefined && { channels }),
  };
  const models: OnnxModel[] = [];
  for (const name of kind.files) models.push(await openOnnx(files[name]!));
  const segment = kind.open(models, frames, settings);
  const policy = settings.prompts === 'policy' && model ? policyPredictor(model, config) : undefined;
  return {
    predict: async (video) => {
      refuseOutside(video.id, settings.share);
      return segment(video.image, await promptsOf(video, policy));
    },
    dispose: () => {
      policy?.dispose();
      for (const opened of models) void opened.dispose();
    },
  };
}

async function promptsOf(video: ComparedVideo, policy: VideoPredictor | undefined): Promise<LabelVideo> {
  if (policy) return policy.predict(video);
  if (video.reference) return video.reference;
  throw new DomainError(
    'DatasetInvalid',
    `The video ${video.id} has no reference that prompts could come from.`,
  );
}

/** The same videos for every system that is asked for so many. */
function refuseOutside(id: string, share: number): void {
  let hash = 0x811c9dc5;
  for (let i = 0; i < id.length; i++) hash = Math.imul(hash ^ id.charCodeAt(i), 0x01000193);
  if ((hash >>> 0) / 2 ** 32 < share) return;
  throw new DomainError('DatasetInvalid', `The video ${id} is not among those that this row is compared on.`);
}

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

function openMedSam([encoder, decoder]: readonly OnnxModel[], frames: FrameSettings): Prompted {
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
  return masks!.data.slice(0, rows * columns);
}

function openSamus([network]: readonly OnnxModel[], frames: FrameSettings): Prompted {
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
function openMemSam([network]: readonly OnnxModel[], frames: FrameSettings, { memory }: Settings): Prompted {
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

const grey256: FrameSettings = { size: 256, fit: 'stretch', levels: 'minmax', channels: 3 };

export const medSam = promptable({
  title: 'MedSAM',
  summary:
    'Segment Anything for medicine, as brought: one encoding a frame, a box for the cavity and one for the heart; the wall is the difference. No link in time.',
  frames: { size: 1024, fit: 'stretch', levels: 'minmax', channels: 3 },
  files: ['encoder', 'decoder'],
  open: openMedSam,
});

export const samus = promptable({
  title: 'SAMUS',
  summary: 'Segment Anything for ultrasound, as brought: one click for each structure of each frame.',
  frames: grey256,
  files: ['model'],
  open: openSamus,
});

export const memSam = promptable({
  title: 'MemSAM',
  summary:
    'As brought: one click for each structure, on the first frame that shows it; memory over frames after that.',
  frames: grey256,
  files: ['model'],
  open: openMemSam,
});
