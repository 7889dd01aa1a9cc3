/** What lies around a window that is fine-tuned on: its video, as the frozen reference segments it (method.md 5.5). */
import type { InferenceConfig } from '../../contracts/run-config.ts';
import { type LandmarkFreeMeasures, landmarkFreeMeasures } from '../../metrics/temporal.ts';
import { type Predictor, predictVideo } from '../inference/predict-video.ts';
import type { WindowPlace, WindowSource } from '../pretraining/training-windows.ts';
import type { WindowSurroundings } from '../rewards/temporal-penalty.ts';

/** Undefined in a video that is no longer than its windows, where nothing lies around them. */
export type SurroundingsOf = (place: WindowPlace) => WindowSurroundings | undefined;

/** Segments each video once, when the first window of it is drawn. The same for a resumed training, as the reference is frozen. */
export function surroundingsIn(
  windows: WindowSource,
  reference: Predictor,
  inference: InferenceConfig,
): SurroundingsOf {
  const known = new Map<number, LandmarkFreeMeasures>();
  return ({ video, startFrame }) => {
    const frames = windows.frames(video);
    if (frames <= inference.windowFrames) return undefined;
    const measures =
      known.get(video) ?? landmarkFreeMeasures(segmented(windows, video, reference, inference));
    known.set(video, measures);
    return { measures, startFrame };
  };
}

function segmented(windows: WindowSource, video: number, reference: Predictor, inference: InferenceConfig) {
  const frames = windows.frames(video);
  const whole = {
    frames,
    rows: windows.rows(video),
    columns: windows.columns(video),
    // The measures are scaled to their own range, so that neither matters.
    spacingMm: [1, 1] as const,
    frameTimeMs: 1,
    intensities: windows.window(video, 0, frames),
  };
  return predictVideo(reference, whole, inference);
}
