/**
 * Training patches as nnU-Net draws them: anywhere in a video, a third of them on a structure, rotated and scaled
 * about their middle, mirrored. Videos are z-scored; what lies outside of one is its mean.
 */
import type { RandomStream } from '../../ground/random.ts';
import type { LabelledWindowSource } from '../../method/windows/training-windows.ts';
import type { NnUNetPlan } from './plan.ts';

export interface Patch {
  /** [time, rows, columns], z-scored. */
  readonly image: Float32Array;
  readonly labels: Int32Array;
}

type Triplet = readonly [number, number, number];

/** Share of the patches of a batch that are put on a structure, the last ones. */
const ON_FOREGROUND = 0.33;
const ROTATION_CHANCE = 0.2;
const SCALING_CHANCE = 0.2;
/** Of the distances between the places that are looked at: above 1, structures get smaller. */
const SCALES = [0.7, 1.4] as const;
/** About the axis of time where the patch is flat; about every axis otherwise. */
const FLAT_DEGREES = 180;
const DEGREES = 30;
/** In 2d, of a patch that is far from square. */
const LONG_DEGREES = 15;

interface Video {
  readonly size: Triplet;
  readonly image: Float32Array;
  readonly labels: Uint8Array;
}

/** Whole videos of a source, z-scored, read once each time they are asked for. */
function readVideo(windows: LabelledWindowSource, index: number): Video {
  const size = [windows.frames(index), windows.rows(index), windows.columns(index)] as const;
  const image = zScored(windows.window(index, 0, size[0]));
  return { size, image, labels: windows.labels(index, 0, size[0]) };
}

/** Mean 0 and standard deviation 1 over the whole video; a video of one grey level is 0. */
export function zScored(values: Float32Array): Float32Array {
  let sum = 0;
  for (const value of values) sum += value;
  const mean = sum / values.length;
  let squares = 0;
  for (const value of values) squares += (value - mean) ** 2;
  const deviation = Math.max(Math.sqrt(squares / values.length), 1e-8);
  return values.map((value) => (value - mean) / deviation);
}

/** Whether the patch at this place of a batch is put on a structure. */
export function isOnForeground(place: number, batch: number): boolean {
  return place >= Math.round(batch * (1 - ON_FOREGROUND));
}

export function drawPatch(
  windows: LabelledWindowSource,
  plan: NnUNetPlan,
  options: { readonly onForeground: boolean; readonly mirroring: boolean },
  random: RandomStream,
): Patch {
  const video = readVideo(windows, random.integer(windows.count));
  const size = plan.patch as unknown as Triplet;
  const voxel = options.onForeground ? foregroundVoxel(video, random) : undefined;
  const centre = voxel ? centreAround(voxel, video.size, size) : randomCentre(video.size, size, random);
  const turn = drawTurn(plan, random);
  const flips = [0, 1, 2].map(
    (axis) =>
      options.mirroring && (axis > 0 || plan.configuration === '3d_fullres') && random.uniform() < 0.5,
  );
  return sample(video, { size, centre, turn, flips });
}

/** A random voxel of a random structure that the video shows. */
function foregroundVoxel({ labels, size }: Video, random: RandomStream): Triplet | undefined {
  const places = new Map<number, number[]>();
  for (let i = 0; i < labels.length; i++) {
    const label = labels[i]!;
    if (label !== 1 && label !== 2) continue;
    const known = places.get(label);
    if (known) known.push(i);
    else places.set(label, [i]);
  }
  const structures = [...places.keys()].sort();
  if (structures.length === 0) return undefined;
  const voxels = places.get(structures[random.integer(structures.length)]!)!;
  const at = voxels[random.integer(voxels.length)]!;
  const pixels = size[1] * size[2];
  return [Math.floor(at / pixels), Math.floor((at % pixels) / size[2]), at % size[2]];
}

/** Of a patch inside the video, or around the whole of an axis that is shorter than it. */
function randomCentre(video: Triplet, patch: Triplet, random: RandomStream): Triplet {
  return centreOf(patch, (axis) => {
    const room = video[axis] - patch[axis];
    return room <= 0 ? Math.floor(room / 2) : random.integer(room + 1);
  });
}

/** Of a patch with the voxel in its middle; as in nnU-Net kept inside where an axis begins, but not where it ends. */
function centreAround(voxel: Triplet, video: Triplet, patch: Triplet): Triplet {
  return centreOf(patch, (axis) => {
    const first = Math.min(0, Math.floor((video[axis] - patch[axis]) / 2));
    return Math.max(first, voxel[axis] - Math.floor(patch[axis] / 2));
  });
}

/** @param startOf first voxel along an axis: patches lie on voxels, so that one that is not turned is only cut out */
function centreOf(patch: Triplet, startOf: (axis: 0 | 1 | 2) => number): Triplet {
  const along = (axis: 0 | 1 | 2) => startOf(axis) + (patch[axis] - 1) / 2;
  return [along(0), along(1), along(2)];
}

/** Rows of the matrix from a place in the patch to one in the video, both from the middle. */
type Turn = readonly [Triplet, Triplet, Triplet];

function drawTurn(plan: NnUNetPlan, random: RandomStream): Turn {
  const rotated = random.uniform() < ROTATION_CHANCE;
  const scaled = random.uniform() < SCALING_CHANCE;
  const angles = anglesOf(plan).map((limit) => {
    const drawn = (2 * random.uniform() - 1) * limit;
    return rotated ? (drawn * Math.PI) / 180 : 0;
  });
  const drawn = SCALES[0] + (SCALES[1] - SCALES[0]) * random.uniform();
  const scale = scaled ? drawn : 1;
  const flat = plan.dummy2d || plan.configuration === '2d';
  const matrix = product(aboutTime(angles[0]!), product(aboutRows(angles[1]!), aboutColumns(angles[2]!)));
  return matrix.map((row, from) =>
    row.map((value, to) => (flat && (from === 0 || to === 0) ? Number(from === to) : value * scale)),
  ) as unknown as Turn;
}

/** Largest rotation about the axes of time, rows and columns, degrees. */
function anglesOf({ configuration, dummy2d, patch }: NnUNetPlan): Triplet {
  if (configuration === '3d_fullres') return dummy2d ? [FLAT_DEGREES, 0, 0] : [DEGREES, DEGREES, DEGREES];
  const [, rows, columns] = patch as unknown as Triplet;
  const long = Math.max(rows, columns) / Math.min(rows, columns) > 1.5;
  return [long ? LONG_DEGREES : FLAT_DEGREES, 0, 0];
}

const aboutTime = (a: number): Turn => [
  [1, 0, 0],
  [0, Math.cos(a), -Math.sin(a)],
  [0, Math.sin(a), Math.cos(a)],
];
const aboutRows = (a: number): Turn => [
  [Math.cos(a), 0, Math.sin(a)],
  [0, 1, 0],
  [-Math.sin(a), 0, Math.cos(a)],
];
const aboutColumns = (a: number): Turn => [
  [Math.cos(a), -Math.sin(a), 0],
  [Math.sin(a), Math.cos(a), 0],
  [0, 0, 1],
];

function product(a: Turn, b: Turn): Turn {
  return a.map((row) =>
    [0, 1, 2].map((column) =>
      row.reduce((sum, value, k) => sum + value * b[k as 0 | 1 | 2][column as 0 | 1 | 2], 0),
    ),
  ) as unknown as Turn;
}

interface Sampling {
  readonly size: Triplet;
  /** In the video. */
  readonly centre: Triplet;
  readonly turn: Turn;
  readonly flips: readonly boolean[];
}

/** Linear between voxels of the image, the nearest one of the labels. */
function sample({ size: video, image, labels }: Video, { size, centre, turn, flips }: Sampling): Patch {
  const [frames, rows, columns] = size;
  const patch = {
    image: new Float32Array(frames * rows * columns),
    labels: new Int32Array(frames * rows * columns),
  };
  const middle = size.map((length) => (length - 1) / 2);
  let at = 0;
  for (let t = 0; t < frames; t++) {
    for (let r = 0; r < rows; r++) {
      for (let c = 0; c < columns; c++, at++) {
        const offset = [t, r, c].map((value, axis) => (flips[axis] ? -1 : 1) * (value - middle[axis]!));
        const place = turn.map(
          (row, axis) =>
            centre[axis as 0 | 1 | 2] + row[0] * offset[0]! + row[1] * offset[1]! + row[2] * offset[2]!,
        ) as unknown as Triplet;
        patch.image[at] = linearAt(image, video, place);
        patch.labels[at] = nearestAt(labels, video, place);
      }
    }
  }
  return patch;
}

function linearAt(values: Float32Array, [frames, rows, columns]: Triplet, [t, r, c]: Triplet): number {
  const [t0, r0, c0] = [Math.floor(t), Math.floor(r), Math.floor(c)];
  let sum = 0;
  for (let corner = 0; corner < 8; corner++) {
    const [ti, ri, ci] = [t0 + (corner & 1), r0 + ((corner >> 1) & 1), c0 + (corner >> 2)];
    if (ti < 0 || ri < 0 || ci < 0 || ti >= frames || ri >= rows || ci >= columns) continue;
    const weight = (1 - Math.abs(t - ti)) * (1 - Math.abs(r - ri)) * (1 - Math.abs(c - ci));
    sum += weight * values[(ti * rows + ri) * columns + ci]!;
  }
  return sum;
}

function nearestAt(labels: Uint8Array, [frames, rows, columns]: Triplet, [t, r, c]: Triplet): number {
  const [ti, ri, ci] = [Math.round(t), Math.round(r), Math.round(c)];
  if (ti < 0 || ri < 0 || ci < 0 || ti >= frames || ri >= rows || ci >= columns) return 0;
  return labels[(ti * rows + ri) * columns + ci]!;
}
