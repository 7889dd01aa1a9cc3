/** One video through a policy: preprocess, predict, back onto the video's own grid. */
import type { InferenceConfig, PreprocessingConfig } from '../../contracts/run-config.ts';
import { preprocess } from '../../datasets/preprocessing.ts';
import type { GreyVideo, LabelVideo } from '../../imaging/image.ts';
import { predictVideo } from '../../method/inference/predict-video.ts';
import type { UNet3D } from '../../method/networks/unet3d.ts';

export interface SegmentationSettings {
  readonly preprocessing: PreprocessingConfig;
  readonly inference: InferenceConfig;
}

/** Labels on exactly the grid and spacing of the video. Runs tensors in this process; a back end must be registered. */
export function segmentVideo(video: GreyVideo, policy: UNet3D, settings: SegmentationSettings): LabelVideo {
  const prepared = preprocess(video, settings.preprocessing);
  return prepared.restoreLabels(predictVideo(policy, prepared.video, settings.inference));
}
