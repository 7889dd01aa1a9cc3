/**
 * Random changes of training windows (method/augmentation): every constant with its unit, range and default. Lengths
 * are in mm, so that they mean the same at every pixel size. The defaults are the published behaviour, grey-level noise
 * alone.
 */
import { z } from 'zod';

const share = z.number().min(0).max(1);
const positive = z.number().positive().finite();

const range = (limit: z.ZodNumber, low: number, high: number) =>
  z
    .tuple([limit, limit])
    .refine(([first, second]) => first <= second, 'the smaller number first')
    .default([low, high]);

const chance = share.default(0).describe('chance that a window is changed in this way; 0: never');
const factor = (limit: number) => z.number().min(1).max(limit).default(1);

export const GeometryAugmentationSchema = z.strictObject({
  rotationDegrees: z.number().min(0).max(180).default(0).describe('drawn from -this to this'),
  scale: factor(4).describe('magnification, drawn from 1 / this to this, evenly in its logarithm'),
  aspect: factor(2).describe('of that, how much rows are stretched and columns shrunk, drawn likewise'),
  shiftMm: z.number().min(0).max(100).default(0).describe('along each axis, drawn from -this to this'),
});

export const GreyLevelAugmentationSchema = z.strictObject({
  gamma: factor(4).describe('exponent of grey levels, drawn from 1 / this to this, evenly in its logarithm'),
  floor: z
    .strictObject({ chance, largest: share.max(0.9).default(0.25) })
    .prefault({})
    .describe('grey levels up to a random one become black'),
  depthGain: z
    .strictObject({ chance, largest: z.number().min(0).max(3).default(0.5) })
    .prefault({})
    .describe('grey levels times exp(g) at the bottom and exp(-g) at the top, g from -largest to largest'),
  haze: z
    .strictObject({ chance, strength: range(share, 0.05, 0.3), sizeMm: range(positive, 12, 30) })
    .prefault({})
    .describe('bright fog in patches of that size over the sector'),
  blur: z
    .strictObject({ chance, widthMm: range(positive, 0.5, 2) })
    .prefault({})
    .describe('Gaussian; the width is its standard deviation'),
  coarsePixels: z
    .strictObject({ chance, sizeMm: range(positive, 1.3, 3.4) })
    .prefault({})
    .describe('as recorded with larger pixels; sizes below that of the window change nothing'),
  speckle: z
    .strictObject({
      chance,
      strength: range(z.number().min(0).max(2), 0.1, 0.5),
      sizeMm: range(positive, 0.7, 2),
    })
    .prefault({})
    .describe('noise that grey levels are multiplied by, new in every frame, grains of that size'),
  contrast: range(positive, 0.75, 1.25).describe('factor about the mean grey level of the window'),
  gain: range(positive, 0.8, 1.2).describe('factor of grey levels'),
  noise: z
    .number()
    .min(0)
    .max(1)
    .default(0.05)
    .describe('largest standard deviation of noise on grey levels'),
});

export const AcquisitionAugmentationSchema = z.strictObject({
  narrowSector: z
    .strictObject({ chance, halfAngleDegrees: range(z.number().positive().max(90), 29, 46) })
    .prefault({})
    .describe('black outside of that angle to either side of the middle, seen from the top'),
  shadow: z
    .strictObject({
      chance,
      widthDegrees: range(z.number().positive().max(45), 2, 9),
      depth: range(share, 0.4, 1),
      withinDegrees: z.number().min(0).max(90).default(35),
    })
    .prefault({})
    .describe(
      'a dark beam from the top, its middle within that angle; depth is the share of the signal that is lost',
    ),
});

export const DropoutAugmentationSchema = z
  .strictObject({
    chance,
    largestCount: z.int().min(1).max(10).default(3),
    radiusMm: range(positive, 5, 34),
    depth: range(share, 0.4, 1),
    driftMmPerFrame: z.number().min(0).max(10).default(1),
  })
  .describe(
    'dark patches on the wall, as ellipses that drift; depth is the share of the signal lost in the middle',
  );

export const AugmentationSchema = z.strictObject({
  geometry: GeometryAugmentationSchema.prefault({}),
  greyLevels: GreyLevelAugmentationSchema.prefault({}),
  acquisition: AcquisitionAugmentationSchema.prefault({}).describe('labels stay whole'),
  dropout: DropoutAugmentationSchema.prefault({}).describe('labels stay whole'),
});

export type AugmentationConfig = z.infer<typeof AugmentationSchema>;
export type GeometryAugmentation = z.infer<typeof GeometryAugmentationSchema>;
export type GreyLevelAugmentation = z.infer<typeof GreyLevelAugmentationSchema>;
export type AcquisitionAugmentation = z.infer<typeof AcquisitionAugmentationSchema>;
export type DropoutAugmentation = z.infer<typeof DropoutAugmentationSchema>;
