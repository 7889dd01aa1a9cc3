/**
 * nnU-Net v2 (Isensee et al., Nature Methods 2021): planned by its rules from the source's fingerprint, trained and
 * applied its way, on the source alone.
 */
import { z } from 'zod';
import type { PreprocessingConfig, RunConfig } from '../../contracts/run-config.ts';
import { DomainError, namingOrigin } from '../../ground/errors.ts';
import { CLASS_COUNT } from '../../ground/labels.ts';
import { randomStream } from '../../ground/random.ts';
import type { NamedArrays } from '../../method/networks/named-arrays.ts';
import { openNnUNetCheckpoint } from '../../method/networks/torch/nnunet-checkpoint.ts';
import { isZip } from '../../method/networks/torch/torch-zip.ts';
import type { UNetConfig } from '../../method/networks/unet-plan.ts';
import { UNet3D } from '../../method/networks/unet3d.ts';
import type { LabelledWindowSource } from '../../method/windows/training-windows.ts';
import { finishedTraining } from '../finished-training.ts';
import { type Fold, onlyVideos, requirePatients, videosOfFold } from '../nnunet/folds.ts';
import { decodeNnUNetModel, encodeNnUNetModel } from '../nnunet/model-file.ts';
import { segmentByNnUNet } from '../nnunet/nnunet-predictor.ts';
import { NnUNetTraining } from '../nnunet/nnunet-training.ts';
import { type Fingerprint, type NnUNetPlan, planOf } from '../nnunet/plan.ts';
import { requireModel } from '../require-model.ts';
import type {
  BegunTraining,
  StoredBytes,
  System,
  SystemTraining,
  TrainingMaterial,
  VideoPredictor,
} from '../system.ts';

const SettingsSchema = z.strictObject({
  configuration: z.enum(['3d_fullres', '2d']).default('3d_fullres'),
  spacingMm: z
    .number()
    .positive()
    .exactOptional()
    .describe(
      "side of the square pixels that it is planned for (nnU-Net's overwrite_target_spacing); the run's when left out",
    ),
  memoryGb: z.number().positive().default(8).describe('that the planner fits the patch into; 8 as published'),
  baseFilters: z.int().min(1).default(32).describe('of the first stage; 32 as published'),
  mirroring: z
    .boolean()
    .default(true)
    .describe('of patches in training and inference, as published; apical views are not symmetric'),
  folds: z
    .int()
    .min(2)
    .max(5)
    .exactOptional()
    .describe(
      "networks, each trained without one of so many parts of the source's patients; one network on all when left out",
    ),
});
type Settings = z.infer<typeof SettingsSchema>;

/** Grey levels are z-scored by nnU-Net itself. */
function preprocessingOf({ preprocessing }: RunConfig, { spacingMm }: Settings): PreprocessingConfig {
  return {
    spacingMm: spacingMm ?? preprocessing.spacingMm,
    multiple: 1,
    clahe: { ...preprocessing.clahe, enabled: false },
  };
}

async function beginPlan(material: TrainingMaterial<Settings>): Promise<BegunTraining> {
  const { settings, config, source, sourcePatients } = material;
  const { configuration, memoryGb, baseFilters, folds } = settings;
  if (folds !== undefined) requirePatients(sourcePatients, folds);
  const { spacingMm } = preprocessingOf(config, settings);
  const options = { configuration, memoryGb, baseFilters, classes: CLASS_COUNT };
  const plan = planOf(await fingerprintOf(source, spacingMm), options);
  return finishedTraining(() => encodeNnUNetModel({ plan, networks: [] }));
}

/** Frames count 1, as in the published data; shapes are those of what is not black. */
async function fingerprintOf(windows: LabelledWindowSource, spacingMm: number): Promise<Fingerprint> {
  const shapes: number[][] = [];
  for (let video = 0; video < windows.count; video++) {
    const frames = windows.frames(video);
    await windows.fetch?.([{ video, startFrame: 0 }], frames);
    shapes.push([frames, ...shownSize(windows, video)]);
  }
  return { spacings: shapes.map(() => [1, spacingMm, spacingMm]), shapes };
}

/** Rows and columns of the smallest box around all that is ever shown. */
function shownSize(windows: LabelledWindowSource, index: number): [number, number] {
  const [frames, rows, columns] = [windows.frames(index), windows.rows(index), windows.columns(index)];
  let [top, bottom, left, right] = [rows, -1, columns, -1];
  windows.window(index, 0, frames).forEach((value, i) => {
    if (value === 0) return;
    const [r, c] = [Math.floor(i / columns) % rows, i % columns];
    [top, bottom] = [Math.min(top, r), Math.max(bottom, r)];
    [left, right] = [Math.min(left, c), Math.max(right, c)];
  });
  return bottom < 0 ? [rows, columns] : [bottom - top + 1, right - left + 1];
}

function networkOf({ strides, kernels, filters }: NnUNetPlan): UNetConfig {
  return {
    baseFilters: filters[0]!,
    maxFilters: Math.max(...filters),
    strides: strides as UNetConfig['strides'],
    kernels: kernels as UNetConfig['kernels'],
    inputChannels: 1,
    outputChannels: CLASS_COUNT,
    deepSupervision: true,
    variant: 'nnunet',
  };
}

/** @param fold all videos when left out */
function beginTraining(
  { settings, config, steps, rateFactor, source, sourcePatients, before }: TrainingMaterial<Settings>,
  fold?: Fold,
): BegunTraining {
  const { plan, networks } = decodeNnUNetModel(requireModel(before).bytes);
  const { seed } = config;
  const name = fold ? ['fold', fold.index] : [];
  const network = UNet3D.initialise(networkOf(plan), randomStream(seed, 'nnunet', ...name));
  const training = new NnUNetTraining({
    network,
    windows: fold ? onlyVideos(source, videosOfFold(sourcePatients, fold, seed)) : source,
    plan,
    mirroring: settings.mirroring,
    steps,
    rateFactor,
    seed,
    fold: fold?.index,
  });
  return {
    training,
    model: () => encodeNnUNetModel({ plan, networks: [...networks, network.toArrays()] }),
    dispose: () => {
      training.dispose();
      network.dispose();
    },
  };
}

interface Opened {
  readonly config: UNetConfig;
  /** By fold. */
  readonly networks: readonly NamedArrays[];
  readonly plan: Pick<NnUNetPlan, 'configuration' | 'patch'>;
  readonly spacingMm: number;
  readonly mirrored: readonly number[];
}

/** A model of a training by this system, or a checkpoint that nnU-Net itself wrote. */
function opened({ bytes }: StoredBytes): Opened {
  if (isZip(bytes)) return openedCheckpoint(bytes);
  const { plan, networks } = decodeNnUNetModel(bytes);
  if (networks.length === 0) {
    throw new DomainError('CheckpointIncompatible', 'Expected a network, found a plan of nnU-Net alone.');
  }
  return {
    config: networkOf(plan),
    networks,
    plan,
    // Of its training, which may have been another comparison's.
    spacingMm: plan.spacing[1]!,
    mirrored: plan.configuration === '2d' ? [1, 2] : [0, 1, 2],
  };
}

function openedCheckpoint(bytes: Uint8Array): Opened {
  const { config, arrays, configuration, patch, spacingMm, mirrored } = openNnUNetCheckpoint(bytes);
  if (config.inputChannels !== 1 || config.outputChannels !== CLASS_COUNT) {
    throw new DomainError(
      'CheckpointIncompatible',
      `Expected one channel and ${CLASS_COUNT} labels (background, left ventricle, myocardium), found ${config.inputChannels} and ${config.outputChannels}.`,
    );
  }
  // Pixels are square here.
  return {
    config,
    networks: [arrays],
    plan: { configuration, patch: [...patch] },
    spacingMm: Math.sqrt(spacingMm[0] * spacingMm[1]),
    mirrored,
  };
}

function predictor(model: StoredBytes, settings: Settings, config: RunConfig): VideoPredictor {
  const { networks, plan, spacingMm, mirrored } = namingOrigin(model.origin, () => {
    const { config: shape, networks, ...rest } = opened(model);
    return { networks: networksOf(shape, networks), ...rest };
  });
  const inference = {
    networks,
    plan,
    preprocessing: preprocessingOf(config, { ...settings, spacingMm }),
    mirrored: settings.mirroring ? mirrored : [],
  };
  return { predict: ({ image }) => segmentByNnUNet(image, inference), dispose: () => disposeAll(networks) };
}

function networksOf(shape: UNetConfig, sets: readonly NamedArrays[]): UNet3D[] {
  const networks: UNet3D[] = [];
  try {
    for (const arrays of sets) networks.push(UNet3D.fromArrays(shape, arrays));
    return networks;
  } catch (error) {
    disposeAll(networks);
    throw error;
  }
}

function disposeAll(networks: readonly UNet3D[]): void {
  for (const network of networks) network.dispose();
}

/** One for each fold, or one; they share the budget. */
function trainingsOf(settings: Settings): SystemTraining<Settings>[] {
  const { folds } = settings;
  const share = 1 / (folds ?? 1);
  const common = {
    budget: { source: share, adaptation: share },
    needs: { source: true, target: 'nothing' },
    preprocessing: (config: RunConfig) => preprocessingOf(config, settings),
  } as const;
  if (folds === undefined) {
    return [{ ...common, name: 'training', begin: (material) => beginTraining(material) }];
  }
  return Array.from({ length: folds }, (_, index) => ({
    ...common,
    name: `fold-${index}`,
    begin: (material) => beginTraining(material, { index, of: folds }),
  }));
}

export const nnunet: System<Settings> = {
  settings: SettingsSchema,
  describe: ({ configuration, memoryGb, baseFilters, mirroring, folds }, isBrought = false) => {
    const networks =
      folds === undefined
        ? 'one fold'
        : `${folds} folds of its patients, which share the time and whose logits are averaged`;
    const made = isBrought
      ? "A network of nnU-Net's at its own pixel size, patch and mirrored axes; its inference"
      : `${configuration}, planned by its rules for ${memoryGb} GB and ${baseFilters} filters at the pixel size of the run; its loss, optimiser, schedule and changes on the source, ${networks}`;
    return {
      title: 'nnU-Net',
      summary: `${made}${mirroring ? '' : '; without mirroring'}.`,
      standing: 'contender',
    };
  },
  train: (settings) => [
    {
      name: 'plan',
      budget: { source: 0, adaptation: 0 },
      needs: { source: true, target: 'nothing' },
      preprocessing: (config) => preprocessingOf(config, settings),
      begin: beginPlan,
    },
    ...trainingsOf(settings),
  ],
  predict: ({ model, settings, config }) => predictor(requireModel(model), settings, config),
};
