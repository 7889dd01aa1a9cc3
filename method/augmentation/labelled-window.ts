/** A training window as typed arrays, which changes are made on before it becomes tensors. */

/**
 * Pixel (t, r, c) lies at (t * rows + r) * columns + c; image and labels are the window's own and may be changed in
 * place.
 */
export interface LabelledWindow {
  readonly frames: number;
  readonly rows: number;
  readonly columns: number;
  /** Side of the square pixels. */
  readonly spacingMm: number;
  /** Grey levels in [0, 1]. */
  readonly image: Float32Array;
  /** UNKNOWN where nobody drew. */
  readonly labels: Int32Array;
}
