/** The shape of the 3D U-Net that policy, critic and rewards share (method.md 3). */
import { z } from 'zod';

/** [time, row, column], the axis order of every tensor. */
const axes3 = z.tuple([z.int().min(1), z.int().min(1), z.int().min(1)]);

export const UNetShapeSchema = z
  .strictObject({
    baseFilters: z
      .int()
      .min(1)
      .default(32)
      .describe('filters of the first stage; each deeper stage doubles them'),
    maxFilters: z.int().min(1).default(320),
    strides: z
      .array(axes3)
      .min(2)
      .default([
        [1, 1, 1],
        [1, 2, 2],
        [2, 2, 2],
        [2, 2, 2],
        [1, 2, 2],
        [1, 2, 2],
      ])
      .describe('stride of the first convolution of each stage, [time, row, column] (method.md 3)'),
    kernels: z
      .array(axes3)
      .min(2)
      .default([
        [1, 3, 3],
        [3, 3, 3],
        [3, 3, 3],
        [3, 3, 3],
        [3, 3, 3],
        [3, 3, 3],
      ])
      .describe('kernel of each stage, [time, row, column]'),
  })
  .refine(
    (shape) => shape.strides.length === shape.kernels.length,
    'strides and kernels need one entry per stage each',
  );

export type UNetShapeConfig = z.infer<typeof UNetShapeSchema>;
