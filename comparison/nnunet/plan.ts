/**
 * The plan that nnU-Net v2's rules make of a dataset's fingerprint: spacing, patch, batch and depth (its default
 * planner, re-implemented from its published code; golden plans in the tests are of the real one).
 */
import { z } from 'zod';
import { type Axes, type Topology, topologyFor } from './pooling.ts';

const axes = z.array(z.number().positive());

/** What the planner knows of a dataset; lists of axes are [time, row, column]. */
export const FingerprintSchema = z.strictObject({
  spacings: z.array(axes).min(1).describe('of every case: frames count 1, mm'),
  shapes: z.array(axes).min(1).describe('of every case, cropped to what is not 0'),
});
export type Fingerprint = z.infer<typeof FingerprintSchema>;

const ConfigurationSchema = z.enum(['2d', '3d_fullres']);

export interface PlannerOptions {
  readonly configuration: z.infer<typeof ConfigurationSchema>;
  /** Of a graphics processor; 8 as published. */
  readonly memoryGb: number;
  /** Of the first stage, doubled from stage to stage; 32 as published. */
  readonly baseFilters: number;
  /** Labels, the background included. */
  readonly classes: number;
}

export const NnUNetPlanSchema = z.strictObject({
  configuration: ConfigurationSchema,
  spacing: axes.describe('[time, row, column]; time is not resampled in 2d'),
  medianShape: axes.describe('after resampling'),
  patch: axes.describe('[time, row, column]; one frame in 2d'),
  batch: z.int().min(1),
  strides: z.array(axes),
  kernels: z.array(axes),
  filters: z.array(z.int().min(1)),
  dummy2d: z.boolean().describe('augmentation in the plane alone: the patch is flat'),
});
export type NnUNetPlan = z.infer<typeof NnUNetPlanSchema>;

/** Ratio of spacings or sizes beyond which an axis is apart from the others. */
const ANISOTROPY = 3;
const MOST_FILTERS = { '2d': 512, '3d_fullres': 320 } as const;
/** Voxels of feature maps that fit the reference's memory at the reference's batch. */
const REFERENCE = {
  voxels: { '2d': 85e6, '3d_fullres': 560e6 },
  batch: { '2d': 12, '3d_fullres': 2 },
  memoryGb: 8,
};
const CONVOLUTIONS_PER_STAGE = 2;
const LEAST_BATCH = 2;
/** Of the dataset's voxels, in one batch. */
const LARGEST_SHARE = 0.05;

export function planOf(fingerprint: Fingerprint, options: PlannerOptions): NnUNetPlan {
  const { configuration } = options;
  const spacing = targetSpacing(fingerprint);
  const resampled = fingerprint.shapes.map((shape, index) =>
    shape.map((length, axis) =>
      roundHalfToEven((length * fingerprint.spacings[index]![axis]!) / spacing[axis]!),
    ),
  );
  const medianShape = percentile(resampled, 50);
  // The planner works with the coarsest axis first, and in 2d without it.
  const order = coarsestFirst(spacing);
  const used = configuration === '2d' ? order.slice(1) : order;
  const pick = (values: Axes) => used.map((axis) => values[axis]!);
  const voxels = medianShape.reduce((product, length) => product * length, 1) * fingerprint.shapes.length;
  const { topology, estimate, reference } = fitMemory(pick(spacing), pick(medianShape), options);
  const patchVoxels = topology.patch.reduce((product, length) => product * length, 1);
  const batch = Math.max(
    Math.min(
      roundHalfToEven((reference / estimate) * REFERENCE.batch[configuration]),
      roundHalfToEven((voxels * LARGEST_SHARE) / patchVoxels),
    ),
    LEAST_BATCH,
  );
  const unpick = (values: Axes): number[] => {
    const all = [1, 1, 1];
    used.forEach((axis, index) => {
      all[axis] = values[index]!;
    });
    return all;
  };
  const patch = unpick(topology.patch);
  return {
    configuration,
    spacing: [...spacing],
    medianShape: [...medianShape],
    patch,
    batch,
    strides: topology.strides.map(unpick),
    kernels: topology.kernels.map(unpick),
    filters: filtersOf(topology.strides.length, options),
    dummy2d: configuration === '3d_fullres' && Math.max(...patch) / topology.patch[0]! > ANISOTROPY,
  };
}

/** The median; an axis that is far coarser and shorter than the others gets the tenth percentile of its spacings. */
function targetSpacing({ spacings, shapes }: Fingerprint): number[] {
  const spacing = percentile(spacings, 50);
  const size = percentile(shapes, 50);
  const [worst, ...others] = coarsestFirst(spacing) as [number, ...number[]];
  const coarsestOther = Math.max(...others.map((axis) => spacing[axis]!));
  const apart =
    spacing[worst]! > ANISOTROPY * coarsestOther &&
    size[worst]! * ANISOTROPY < Math.min(...others.map((axis) => size[axis]!));
  if (!apart) return spacing;
  const low = percentile(spacings, 10)[worst]!;
  spacing[worst] = low < coarsestOther ? coarsestOther + 1e-5 : low;
  return spacing;
}

/** Axes with the one of the largest spacing in front, the first of equals. */
function coarsestFirst(spacing: Axes): number[] {
  const coarsest = spacing.indexOf(Math.max(...spacing));
  return [coarsest, ...spacing.map((_, axis) => axis).filter((axis) => axis !== coarsest)];
}

function filtersOf(stages: number, { configuration, baseFilters }: PlannerOptions): number[] {
  return Array.from({ length: stages }, (_, stage) =>
    Math.min(MOST_FILTERS[configuration], baseFilters * 2 ** stage),
  );
}

/** The largest patch of the data's own proportions whose network fits the memory. */
function fitMemory(
  spacing: Axes,
  medianShape: Axes,
  options: PlannerOptions,
): { topology: Topology; estimate: number; reference: number } {
  const { configuration, memoryGb } = options;
  const reference = REFERENCE.voxels[configuration] * (memoryGb / REFERENCE.memoryGb);
  const inverse = spacing.map((mm) => 1 / mm);
  const whole = configuration === '2d' ? 2048 ** 2 : 256 ** 3;
  const scale = (whole / inverse.reduce((product, value) => product * value, 1)) ** (1 / spacing.length);
  let topology = topologyFor(
    spacing,
    inverse.map((value, axis) => Math.min(roundHalfToEven(value * scale), medianShape[axis]!)),
  );
  for (;;) {
    const estimate = featureVoxels(topology, options);
    if (estimate <= reference) return { topology, estimate, reference };
    const ratios = topology.patch.map((length, axis) => length / medianShape[axis]!);
    const axis = ratios.lastIndexOf(Math.max(...ratios));
    // What the axis has to be divisible by may change when it gets shorter, so the step is looked for first.
    const less = (by: number) => topology.patch.map((length, i) => (i === axis ? length - by : length));
    const { divisibleBy } = topologyFor(spacing, less(topology.divisibleBy[axis]!));
    topology = topologyFor(spacing, less(divisibleBy[axis]!));
  }
}

/** Voxels times channels of all convolutions' outputs, as nnU-Net counts its memory. */
function featureVoxels({ strides, patch }: Topology, options: PlannerOptions): number {
  const filters = filtersOf(strides.length, options);
  let size = [...patch];
  const sizes = strides.map((stride) => {
    size = size.map((length, axis) => Math.floor(length / stride[axis]!));
    return size.reduce((product, length) => product * length, 1);
  });
  const encoder = sizes.reduce(
    (sum, voxels, stage) => sum + CONVOLUTIONS_PER_STAGE * filters[stage]! * voxels,
    0,
  );
  // Of each decoder stage the convolutions and the transposed one.
  const decoder = sizes
    .slice(0, -1)
    .reduce((sum, voxels, stage) => sum + (CONVOLUTIONS_PER_STAGE + 1) * filters[stage]! * voxels, 0);
  return encoder + decoder + options.classes * sizes[0]!;
}

/** Along every axis, in straight lines between neighbours, as numpy has it. */
function percentile(rows: readonly Axes[], percent: number): number[] {
  return rows[0]!.map((_, axis) => {
    const sorted = rows.map((row) => row[axis]!).sort((a, b) => a - b);
    const position = (percent / 100) * (sorted.length - 1);
    const below = Math.floor(position);
    const above = Math.min(below + 1, sorted.length - 1);
    return sorted[below]! + (position - below) * (sorted[above]! - sorted[below]!);
  });
}

/** As Python and numpy round. */
function roundHalfToEven(value: number): number {
  const floor = Math.floor(value);
  if (value - floor !== 0.5) return Math.round(value);
  return floor % 2 === 0 ? floor : floor + 1;
}
