/** The shape of the 3D U-Net that policy, critic and rewards share (method.md 3). */
import { z } from 'zod';

/** [time, row, column], the axis order of every tensor. */
const axes3 = z.tuple([z.int().min(1), z.int().min(1), z.int().min(1)]);
type Axes3 = z.infer<typeof axes3>;

interface Stages {
  readonly strides: readonly Axes3[];
  readonly kernels: readonly Axes3[];
}

/** What is wrong with a configuration, and with which field of it. */
export interface ConfigFault {
  readonly path: string[];
  readonly message: string;
}

/** The first reason why there is no network of these stages; undefined where there is one. */
export function stagesFault({ strides, kernels }: Stages): ConfigFault | undefined {
  if (strides.length !== kernels.length) {
    return {
      path: ['strides'],
      message: `a U-Net has one stride and one kernel a stage; these are ${strides.length} strides and ${kernels.length} kernels`,
    };
  }
  if (strides[0]!.some((stride) => stride !== 1)) {
    return {
      path: ['strides'],
      message: `the first stage has the stride 1, 1, 1, which nothing would undo; this is ${strides[0]!.join(', ')}`,
    };
  }
  if (kernels.flat().some((size) => size % 2 === 0)) {
    return {
      path: ['kernels'],
      message: `kernels are odd, for symmetric padding; these are ${JSON.stringify(kernels)}`,
    };
  }
  const skipping = strides.findIndex((stride, stage) =>
    stride.some((step, axis) => kernels[stage]![axis]! < step - 1),
  );
  if (skipping < 0) return undefined;
  return {
    path: ['kernels'],
    message: `a kernel is at most one smaller than its stride; that of stage ${skipping + 1} is ${kernels[skipping]!.join(', ')} at ${strides[skipping]!.join(', ')}`,
  };
}

/** Frames, rows and columns of what the network takes are multiples of these. */
export function multiplesOf({ strides }: Pick<Stages, 'strides'>): Axes3 {
  return strides.reduce<Axes3>(
    (product, stride) => [product[0] * stride[0], product[1] * stride[1], product[2] * stride[2]],
    [1, 1, 1],
  );
}

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
  .superRefine((shape, context) => {
    const fault = stagesFault(shape);
    if (fault) context.addIssue({ code: 'custom', continue: false, ...fault });
  });

export type UNetShapeConfig = z.infer<typeof UNetShapeSchema>;
