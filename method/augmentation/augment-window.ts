/**
 * All random changes of a labelled training window but the published noise, in the order in which they come about: what
 * the scanner does not see, how the probe is held, what the machine makes of it.
 */
import type { AugmentationConfig } from '../../contracts/augmentation.ts';
import { changeAcquisition } from './acquisition.ts';
import type { EffectStreams } from './draws.ts';
import { fadeWalls } from './dropout.ts';
import { drawTransform, transformed } from './geometric.ts';
import { changeGreyLevels } from './grey-levels.ts';
import type { LabelledWindow } from './labelled-window.ts';

/** The arrays of `window` may be changed in place and are not to be used afterwards. Grey levels stay in [0, 1]. */
export function augmentWindow(
  window: LabelledWindow,
  config: AugmentationConfig,
  streams: EffectStreams,
): LabelledWindow {
  fadeWalls(window, config.dropout, streams);
  changeAcquisition(window, config.acquisition, streams);
  const transform = drawTransform(config.geometry, streams);
  const seen = transform ? transformed(window, transform) : window;
  changeGreyLevels(seen, config.greyLevels, streams);
  return seen;
}
