/**
 * nnU-Net's inference: patches slide by halves with Gaussian weights, logits of mirrored copies and of folds are
 * averaged and go back.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { PreprocessingConfig } from '../../contracts/run-config.ts';
import { InferenceSchema } from '../../contracts/run-config.ts';
import { preprocess } from '../../datasets/preprocessing.ts';
import type { GreyVideo, LabelVideo } from '../../imaging/image.ts';
import { segmentProbabilities } from '../../method/inference/segment-prepared.ts';
import type { UNet3D } from '../../method/networks/unet3d.ts';
import { slideWindows, type WindowPredictor } from '../../method/windows/sliding-window.ts';
import { windowPredictor } from '../../method/windows/window-predictor.ts';
import { zScored } from './patches.ts';
import type { NnUNetPlan } from './plan.ts';

export interface NnUNetInference {
  /** Of every fold; at least one. */
  readonly networks: readonly UNet3D[];
  readonly plan: Pick<NnUNetPlan, 'configuration' | 'patch'>;
  readonly preprocessing: PreprocessingConfig;
  /** Axes along which mirrored copies are averaged: 0 time, 1 rows, 2 columns. */
  readonly mirrored: readonly number[];
}

/** Labels of the video on its own grid. */
export function segmentByNnUNet(
  image: GreyVideo,
  { networks, plan, preprocessing, mirrored }: NnUNetInference,
): LabelVideo {
  const prepared = preprocess(image, preprocessing);
  const { frames, rows, columns, intensities } = prepared.video;
  const [windowFrames, windowRows, windowColumns] = plan.patch as [number, number, number];
  const config = InferenceSchema.parse({
    windowFrames,
    overlap: 0.5,
    padFrames: 0,
    restore: 'probabilities',
  });
  const { values, channels } = slideWindows(
    { frames, rows, columns, channels: 1, values: zScored(intensities) },
    mirrorAveraged(averaged(networks.map(windowPredictor)), mirrored),
    { ...config, windowRows, windowColumns },
  );
  // Logits are averaged; their softmax is what is restored.
  for (let start = 0; start < values.length; start += channels) softmaxAt(values, start, channels);
  return segmentProbabilities(values, prepared, config).labels;
}

/** The mean over folds. */
function averaged(predictors: readonly WindowPredictor[]): WindowPredictor {
  return (windows) =>
    tf.tidy(() => tf.div(tf.addN(predictors.map((predict) => predict(windows))), predictors.length));
}

/** The mean over all combinations of mirrored axes, each turned back. */
function mirrorAveraged(predict: WindowPredictor, axes: readonly number[]): WindowPredictor {
  const combinations = Array.from({ length: 2 ** axes.length }, (_, bits) =>
    axes.filter((_, index) => (bits >> index) & 1).map((axis) => axis + 1),
  );
  return (windows) =>
    tf.tidy(() => {
      const views = combinations.map((mirrored) =>
        mirrored.length === 0
          ? predict(windows)
          : tf.reverse(predict(tf.reverse(windows, mirrored)), mirrored),
      );
      return tf.div(tf.addN(views), views.length);
    });
}

function softmaxAt(values: Float32Array, start: number, classes: number): void {
  const logits = values.subarray(start, start + classes);
  const largest = Math.max(...logits);
  let sum = 0;
  for (let k = 0; k < classes; k++) {
    logits[k] = Math.exp(logits[k]! - largest);
    sum += logits[k]!;
  }
  for (let k = 0; k < classes; k++) logits[k]! /= sum;
}
