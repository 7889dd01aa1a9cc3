/**
 * Foundation models as rows: MedSAM and its like (an encoder once a frame, a box a structure), SAMUS (one click) and
 * MemSAM (one click on the first frame, memory from call to call). Their weights are the user's, as ONNX models.
 */
import { z } from 'zod';
import { readAlignedLabels } from '../../datasets/nifti.ts';
import { DomainError } from '../../ground/errors.ts';
import { hashText } from '../../ground/hash-text.ts';
import type { LabelVideo } from '../../imaging/image.ts';
import { policyPredictor } from '../policy-predictor.ts';
import { sourceTraining } from '../source-training.ts';
import type { ComparedVideo, PredictionMaterial, System, VideoPredictor } from '../system.ts';
import type { FrameSettings } from './frames.ts';
import { type OnnxModel, openOnnx } from './onnx.ts';
import { openMedSam, openMemSam, openSamus, type Prompted } from './prompted.ts';

const SettingsSchema = z.strictObject({
  title: z.string().min(1).max(80).exactOptional().describe('of the row'),
  prompts: z
    .enum(['policy', 'given', 'oracle'])
    .default('policy')
    .describe(
      "where boxes and clicks come from: a policy of this project, the row's masks (such as a detector's), or the test references",
    ),
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

const PROMPTS: Readonly<Record<Settings['prompts'], string>> = {
  policy: 'the masks of our policy',
  given: 'masks that were handed in with the row',
  oracle: 'the test references',
};

interface Kind {
  readonly title: string;
  readonly summary: string;
  readonly frames: FrameSettings;
  /** Names of the files that its weights are in. */
  readonly files: readonly string[];
  readonly open: (models: readonly OnnxModel[], frames: FrameSettings, settings: Settings) => Prompted;
}

function promptable(kind: Kind): System<Settings> {
  return {
    settings: SettingsSchema,
    describe: ({ title = kind.title, prompts, share }) => ({
      title: prompts === 'oracle' ? `${title} (oracle prompts)` : title,
      summary: `${kind.summary} Prompts from ${PROMPTS[prompts]}.${share < 1 ? ` On ${Math.round(100 * share)} % of the test videos.` : ''}`,
      standing: prompts === 'oracle' ? 'oracle' : 'contender',
    }),
    // Its prompts come from the policy that all adaptations start from, unless the row names another.
    train: ({ prompts }) => (prompts === 'policy' ? [sourceTraining] : []),
    predict: (material) => openPromptable(kind, material),
  };
}

async function openPromptable(kind: Kind, material: PredictionMaterial<Settings>): Promise<VideoPredictor> {
  const { settings, files, model } = material;
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
  const opened: { dispose(): void }[] = [];
  const dispose = (): void => {
    for (const part of opened) part.dispose();
  };
  try {
    const policy = settings.prompts === 'policy' && model ? policyPredictor(material) : undefined;
    if (policy) opened.push(policy);
    const models: OnnxModel[] = [];
    for (const name of kind.files) {
      const one = await openOnnx(files[name]!);
      opened.push({ dispose: () => void one.dispose() });
      models.push(one);
    }
    const segment = kind.open(models, frames, settings);
    return {
      predict: async (video) => {
        refuseOutside(video.id, settings.share);
        return segment(video.image, await promptsOf(video, policy, material));
      },
      dispose,
    };
  } catch (error) {
    dispose();
    throw error;
  }
}

async function promptsOf(
  video: ComparedVideo,
  policy: VideoPredictor | undefined,
  { settings: { prompts }, givenMask }: PredictionMaterial<Settings>,
): Promise<LabelVideo> {
  const { id, image, reference } = video;
  if (policy) return policy.predict(video);
  if (prompts === 'oracle' && reference) return reference;
  const given = prompts === 'given' ? await givenMask(id) : undefined;
  if (given) return readAlignedLabels(given, id, image);
  throw new DomainError(
    'DatasetInvalid',
    `The video ${id} has no ${prompts === 'given' ? 'mask in the folder of the row' : 'reference'} that prompts could come from.`,
  );
}

/** The same videos for every system that is asked for so many. */
function refuseOutside(id: string, share: number): void {
  if (hashText(id) / 2 ** 32 < share) return;
  throw new DomainError('DatasetInvalid', `The video ${id} is not among those that this row is compared on.`);
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
  open: (models, frames, { memory }) => openMemSam(models, frames, memory),
});
