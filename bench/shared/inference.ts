/**
 * The ways in which tables segment: as published, that cleaned (method.md 4.1), with all that needs no learning, and,
 * where shapes of the source are known, that completed by them (4.4, as `tiny` does), with views zoomed, and both (as
 * `real` does).
 */
import { completedInference, fullInference } from '../../contracts/presets.ts';
import {
  type InferenceConfig,
  InferenceSchema,
  type PreprocessingConfig,
} from '../../contracts/run-config.ts';
import { preprocess } from '../../datasets/preprocessing.ts';
import type { GreyVideo, LabelVideo } from '../../imaging/image.ts';
import { segmentProbabilities, videoProbabilities } from '../../method/inference/segment-prepared.ts';
import type { LinearShapes } from '../../method/shapes/linear-shapes.ts';
import type { Predictor } from '../../method/windows/window-predictor.ts';

const withoutShapes = ['plain', 'cleaned', 'full'] as const;
const withShapes = ['full by shapes', 'zoomed', 'completed'] as const;
export const inferenceNames = [...withoutShapes, ...withShapes] as const;
export type InferenceName = (typeof inferenceNames)[number];

export const inferences: Readonly<Record<InferenceName, InferenceConfig>> = {
  plain: InferenceSchema.parse({}),
  cleaned: InferenceSchema.parse({ cleaning: true }),
  full: InferenceSchema.parse(fullInference),
  'full by shapes': InferenceSchema.parse({ ...fullInference, completion: { enabled: true } }),
  zoomed: InferenceSchema.parse({ ...completedInference, completion: {} }),
  completed: InferenceSchema.parse(completedInference),
};

export interface WaysOfSegmenting {
  /** For the ways that need them. */
  readonly shapes?: LinearShapes | undefined;
  /** Every one that there can be when left out. */
  readonly ways?: readonly InferenceName[] | undefined;
}

/** The video on its own grid in each way; the network looks once at what several ways make of one prediction. */
export function segmentInEachWay(
  policy: Predictor,
  preprocessing: PreprocessingConfig,
  image: GreyVideo,
  { shapes, ways = shapes ? inferenceNames : withoutShapes }: WaysOfSegmenting = {},
): Partial<Record<InferenceName, LabelVideo>> {
  const prepared = preprocess(image, preprocessing);
  const seen = new Map<string, Float32Array>();
  const segmented = ways.map((name) => {
    const config = inferences[name];
    const { restore: _, cleaning: __, timeFusion: ___, ...looking } = config;
    const key = JSON.stringify(looking);
    const probabilities = seen.get(key) ?? videoProbabilities(policy, prepared.video, config, { shapes });
    seen.set(key, probabilities);
    return [name, segmentProbabilities(probabilities.slice(), prepared, config, shapes).labels] as const;
  });
  return Object.fromEntries(segmented);
}
