/** Smooth random fields: normal numbers on a lattice, bilinear in between. Cheap at any grain, which is given in mm. */
import type { RandomStream } from '../../ground/random.ts';

export interface FieldGrid {
  readonly rows: number;
  readonly columns: number;
  readonly spacingMm: number;
}

/** [rows, columns]; standard normal at the lattice points, which are `grainMm` apart, one pixel at least. */
export function noiseField(
  { rows, columns, spacingMm }: FieldGrid,
  grainMm: number,
  random: RandomStream,
): Float32Array {
  const step = Math.max(1, grainMm / spacingMm);
  const width = Math.ceil((columns - 1) / step) + 1;
  const height = Math.ceil((rows - 1) / step) + 1;
  const lattice = Float32Array.from({ length: width * height }, () => random.normal());
  if (step === 1) return lattice;
  const field = new Float32Array(rows * columns);
  for (let row = 0; row < rows; row++) {
    const above = Math.min(height - 1, Math.floor(row / step));
    const downShare = row / step - above;
    const upper = above * width;
    const lower = Math.min(height - 1, above + 1) * width;
    for (let column = 0; column < columns; column++) {
      const left = Math.min(width - 1, Math.floor(column / step));
      const right = Math.min(width - 1, left + 1);
      const rightShare = column / step - left;
      const top = lattice[upper + left]! * (1 - rightShare) + lattice[upper + right]! * rightShare;
      const bottom = lattice[lower + left]! * (1 - rightShare) + lattice[lower + right]! * rightShare;
      field[row * columns + column] = top * (1 - downShare) + bottom * downShare;
    }
  }
  return field;
}
