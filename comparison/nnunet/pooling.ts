/**
 * How nnU-Net v2 lays out its network for a patch: which axes are halved at each stage, and with which kernels
 * (`get_pool_and_conv_props` of its repository, re-implemented; Isensee et al., Nature Methods 2021).
 */

/** Per axis, in any order of axes that is kept. */
export type Axes = readonly number[];

/** Axes are halved while they have at least twice so many voxels. */
const SMALLEST_EDGE = 4;

export interface Topology {
  /** Of each stage, the first being 1 along every axis. */
  readonly strides: readonly Axes[];
  readonly kernels: readonly Axes[];
  /** The patch, padded so that all halvings come out even. */
  readonly patch: Axes;
  readonly divisibleBy: Axes;
}

export function topologyFor(spacing: Axes, patch: Axes): Topology {
  const axes = spacing.map((_, axis) => axis);
  const voxelMm = [...spacing];
  const size = [...patch];
  const halvings = axes.map(() => 0);
  const kernel = axes.map(() => 1);
  const strides: number[][] = [axes.map(() => 1)];
  const kernels: number[][] = [];
  for (let halved = halvable(voxelMm, size); halved.length > 0; halved = halvable(voxelMm, size)) {
    const finest = Math.min(...voxelMm);
    // An axis is convolved once its voxels are within a factor of two of the finest, and stays so.
    for (const axis of axes) if (voxelMm[axis]! / finest < 2) kernel[axis] = 3;
    for (const axis of halved) {
      halvings[axis]!++;
      voxelMm[axis]! *= 2;
      size[axis] = Math.ceil(size[axis]! / 2);
    }
    strides.push(axes.map((axis) => (halved.includes(axis) ? 2 : 1)));
    kernels.push([...kernel]);
  }
  kernels.push(axes.map(() => 3));
  const divisibleBy = halvings.map((count) => 2 ** count);
  return {
    strides,
    kernels,
    patch: patch.map((length, axis) => Math.ceil(length / divisibleBy[axis]!) * divisibleBy[axis]!),
    divisibleBy,
  };
}

/** Axes that are large enough and not coarser than twice the finest of those; none ends the network. */
function halvable(voxelMm: Axes, size: Axes): number[] {
  const large = voxelMm.flatMap((_, axis) => (size[axis]! >= 2 * SMALLEST_EDGE ? [axis] : []));
  const finest = Math.min(...large.map((axis) => voxelMm[axis]!));
  const fine = large.filter((axis) => voxelMm[axis]! / finest < 2);
  // One axis alone is not worth a stage unless it is long.
  if (fine.length === 1 && size[fine[0]!]! < 3 * SMALLEST_EDGE) return [];
  return fine;
}
