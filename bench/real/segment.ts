/** A policy's segmentation of a real loop on the loop's own grid, by the published inference and by the full one. */
import type { SegmentationSettings } from '../../app/segmentation/segment-video.ts';
import { fullInference } from '../../contracts/presets.ts';
import { type InferenceConfig, InferenceSchema } from '../../contracts/run-config.ts';
import { preprocess } from '../../datasets/preprocessing.ts';
import type { GreyVideo, LabelVideo } from '../../imaging/image.ts';
import { policyProbabilities } from '../../method/inference/predict-video.ts';
import { segmentProbabilities } from '../../method/inference/segment-prepared.ts';
import type { Predictor } from '../../method/windows/window-predictor.ts';

export const inferences = ['plain', 'full'] as const;
export type Inference = (typeof inferences)[number];

const settings: Readonly<Record<Inference, InferenceConfig>> = {
  plain: InferenceSchema.parse({}),
  full: InferenceSchema.parse(fullInference),
};

/** The network looks at the loop once, by the windows of its own settings. */
export function segmentLoop(
  policy: Predictor,
  { preprocessing, inference }: Pick<SegmentationSettings, 'preprocessing' | 'inference'>,
  image: GreyVideo,
): Record<Inference, LabelVideo> {
  const prepared = preprocess(image, preprocessing);
  const probabilities = policyProbabilities(policy, prepared.video, inference);
  const by = (one: Inference): LabelVideo =>
    segmentProbabilities(probabilities.slice(), prepared, settings[one]).labels;
  return { plain: by('plain'), full: by('full') };
}
