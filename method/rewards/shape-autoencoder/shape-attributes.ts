/**
 * The shape attributes to which latent dimensions are tied, in order, with their temporal thresholds (method.md 4.2).
 */
import { type LabelVideo, labelFrame } from '../../../imaging/image.ts';
import { shapeAttributes } from '../../../metrics/attributes.ts';
import type { ShapeBox } from './registration.ts';

/**
 * Dimension i of the latent code stands for entry i. `threshold` bounds the second difference over time as a share of
 * the range that the dimension had in training (Painchaud et al., TMI 2022).
 */
export const attributeDimensions = [
  { name: 'lvArea', threshold: 0.016 },
  { name: 'lvBaseWidth', threshold: 0.0969 },
  { name: 'lvLength', threshold: 0.0262 },
  { name: 'lvOrientation', threshold: 0.0229 },
  { name: 'myoArea', threshold: 0.0321 },
  { name: 'epiCenterX', threshold: 0.00456 },
  { name: 'epiCenterY', threshold: 0.011 },
] as const;

/**
 * One value per entry of `attributeDimensions`, NaN where it cannot be measured. Lengths in pixels, angle in degrees.
 */
export type AttributeValues = Float64Array;

/** Attributes of a frame on its own grid; all NaN when it is empty. */
export function measureAttributes(video: LabelVideo, frame: number): AttributeValues {
  const measured = shapeAttributes({ ...labelFrame(video, frame), spacingMm: [1, 1] });
  const empty = measured.lvArea + measured.myoArea === 0;
  return Float64Array.from(
    attributeDimensions,
    ({ name }) => (empty ? undefined : measured[name]) ?? Number.NaN,
  );
}

/** The same attributes as they are in the registered mask of a box, in mask pixels: what the encoder sees. */
export function registeredAttributes(values: AttributeValues, box: ShapeBox, size: number): AttributeValues {
  const scale = size / box.side;
  const [lvArea, lvBaseWidth, lvLength, lvOrientation, myoArea, centreRow, centreColumn] = values;
  return Float64Array.of(
    lvArea! * scale * scale,
    lvBaseWidth! * scale,
    lvLength! * scale,
    lvOrientation!,
    myoArea! * scale * scale,
    (centreRow! + 0.5 - box.top) * scale,
    (centreColumn! + 0.5 - box.left) * scale,
  );
}
