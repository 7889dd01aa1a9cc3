/** MaskedSSL: masked reconstruction on source and target, then the same network trained on the source's labels. */
import { z } from 'zod';
import { DomainError } from '../../ground/errors.ts';
import { randomStream } from '../../ground/random.ts';
import { decodeSafetensors, encodeSafetensors } from '../../method/networks/safetensors.ts';
import { UNet3D } from '../../method/networks/unet3d.ts';
import { halfAndHalf } from '../half-and-half.ts';
import { ReconstructionTraining } from '../masked-reconstruction/reconstruction-training.ts';
import { policyPredictor } from '../policy-predictor.ts';
import { requireModel } from '../require-model.ts';
import { beginSupervised, newPolicy } from '../source-training.ts';
import type { BegunTraining, StoredBytes, System, TrainingMaterial } from '../system.ts';

const SettingsSchema = z.strictObject({
  ratio: z.number().gt(0).lt(1).default(0.7).describe('share of the cubes that are hidden'),
  cubeMm: z.number().positive().default(6).describe('side of a cube in the plane, mm (16 pixels of 0.37 mm)'),
  cubeFrames: z.int().min(1).default(2).describe('frames of a cube'),
  share: z.number().gt(0).lt(1).default(0.4).describe('of the budget that is spent on reconstruction'),
});
type Settings = z.infer<typeof SettingsSchema>;

/** The last convolution, which is another for grey levels than for labels. */
const HEAD = 'output_block.conv.weight';
const KIND = 'masked-reconstruction';

function beginReconstruction(material: TrainingMaterial<Settings>): BegunTraining {
  const { settings, config, steps, rateFactor, source, target } = material;
  const { pretraining, preprocessing, seed } = config;
  const shape = { ...config.network, inputChannels: 1, outputChannels: 1, deepSupervision: false };
  const network = UNet3D.initialise(shape, randomStream(seed, KIND));
  const side = Math.max(1, Math.round(settings.cubeMm / preprocessing.spacingMm));
  const training = new ReconstructionTraining({
    network,
    windows: halfAndHalf(source, target),
    config: {
      steps,
      learningRate: pretraining.learningRate * rateFactor,
      warmupSteps: Math.min(pretraining.warmupSteps, Math.floor(steps / 10)),
    },
    masks: { cube: [settings.cubeFrames, side, side], ratio: settings.ratio },
    seed,
    windowFrames: config.training.windowFrames,
  });
  return {
    training,
    model: () => encodeSafetensors(network.toArrays(), { kind: KIND }),
    dispose: () => {
      training.dispose();
      network.dispose();
    },
  };
}

/** Everything that reconstruction learned but its last convolution. */
function beginSupervision(material: TrainingMaterial<Settings>): BegunTraining {
  const policy = newPolicy(material.config);
  const learned = reconstructed(requireModel(material.before));
  policy.assign({ ...policy.toArrays(), ...learned });
  return beginSupervised({ policy, windows: material.source }, material);
}

function reconstructed({ bytes, origin }: StoredBytes) {
  const { arrays, metadata } = decodeSafetensors(bytes);
  if (metadata.kind !== KIND) {
    throw new DomainError(
      'CheckpointIncompatible',
      `${origin}: expected a network of masked reconstruction, found one of kind "${metadata.kind}".`,
    );
  }
  const { [HEAD]: _, ...others } = arrays;
  return others;
}

export const maskedSsl: System<Settings> = {
  settings: SettingsSchema,
  describe: ({ ratio, share }) => ({
    title: 'MaskedSSL (ours)',
    summary: `Masked space-time cubes (${Math.round(100 * ratio)} %) of source and target reconstructed for ${Math.round(100 * share)} % of the budget, then training on the source. Which method the paper compares it does not say; this one is ours.`,
    standing: 'contender',
  }),
  train: ({ share }) => [
    {
      name: 'reconstruction',
      budget: { source: share, adaptation: share },
      needs: { source: true, target: 'videos' },
      begin: beginReconstruction,
    },
    {
      name: 'supervision',
      budget: { source: 1 - share, adaptation: 1 - share },
      needs: { source: true, target: 'nothing' },
      begin: beginSupervision,
    },
  ],
  predict: (material) => policyPredictor(material),
};
