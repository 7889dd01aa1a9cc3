/** Measures as CSV: one row a video, and for each video one row a frame. Units are in the names of the columns. */
import type { FrameMeasures, HeartPhase } from '../../metrics/video-measures.ts';
import { type Column, csvText } from '../csv.ts';
import { type MeasuredVideo, rounded } from './measured-video.ts';

const frameColumns: readonly Column<FrameMeasures>[] = [
  ['frame', ({ frame }) => frame],
  ['timeMs', ({ timeMs }) => rounded(timeMs)],
  ['phase', ({ phase }) => phase],
  ['lvAreaMm2', ({ lvAreaMm2 }) => rounded(lvAreaMm2)],
  ['myoAreaMm2', ({ myoAreaMm2 }) => rounded(myoAreaMm2)],
  ['lvLengthMm', ({ lvLengthMm }) => rounded(lvLengthMm)],
  ['lvVolumeMl', ({ lvVolumeMl }) => rounded(lvVolumeMl)],
  ['anatomicallyValid', ({ anatomicalFailure }) => anatomicalFailure === undefined],
  ['anatomicalFailure', ({ anatomicalFailure }) => anatomicalFailure],
  ['temporalFlags', ({ temporalFlags }) => temporalFlags.join(' ')],
  ['temporalFlagsAtFrameRate', ({ temporalFlagsAtFrameRate }) => temporalFlagsAtFrameRate.join(' ')],
  ['meanUncertainty', ({ meanUncertainty }) => rounded(meanUncertainty)],
];

/** The frames of a video in order; what was not measured is an empty cell, several values are separated by spaces. */
export function framesCsv({ measures }: MeasuredVideo): string {
  return csvText(frameColumns, measures.frames);
}

const atKeyFrame =
  (key: 'edFrame' | 'esFrame', of: (frame: FrameMeasures) => number | undefined) =>
  ({ measures }: MeasuredVideo) =>
    rounded(of(measures.frames[measures[key]]!));

const framesOf = (wanted: HeartPhase) => (video: MeasuredVideo) =>
  video.measures.frames
    .filter(({ phase }) => phase === wanted)
    .map(({ frame }) => frame)
    .join(' ');

const framesWith = (is: (frame: FrameMeasures) => boolean) => (video: MeasuredVideo) =>
  video.measures.frames.filter(is).length;

const videoColumns: readonly Column<MeasuredVideo>[] = [
  ['video', ({ name }) => name],
  ['frames', ({ geometry }) => geometry.frames],
  ['rows', ({ geometry }) => geometry.rows],
  ['columns', ({ geometry }) => geometry.columns],
  ['spacingRowMm', ({ geometry }) => rounded(geometry.spacingMm[0])],
  ['spacingColumnMm', ({ geometry }) => rounded(geometry.spacingMm[1])],
  ['frameTimeMs', ({ geometry }) => rounded(geometry.frameTimeMs)],
  ['edFrame', ({ measures }) => measures.edFrame],
  ['esFrame', ({ measures }) => measures.esFrame],
  ['lostFrames', ({ measures }) => measures.lostFrames.join(' ')],
  ['edVolumeMl', ({ measures }) => rounded(measures.edVolumeMl)],
  ['esVolumeMl', ({ measures }) => rounded(measures.esVolumeMl)],
  ['ejectionFraction', ({ measures }) => rounded(measures.ejectionFraction)],
  ['gls', ({ measures }) => rounded(measures.gls)],
  ['edLvAreaMm2', atKeyFrame('edFrame', (frame) => frame.lvAreaMm2)],
  ['esLvAreaMm2', atKeyFrame('esFrame', (frame) => frame.lvAreaMm2)],
  ['edLvLengthMm', atKeyFrame('edFrame', (frame) => frame.lvLengthMm)],
  ['esLvLengthMm', atKeyFrame('esFrame', (frame) => frame.lvLengthMm)],
  ['edMyoAreaMm2', atKeyFrame('edFrame', (frame) => frame.myoAreaMm2)],
  ['esMyoAreaMm2', atKeyFrame('esFrame', (frame) => frame.myoAreaMm2)],
  ['cycles', ({ measures }) => measures.cycles],
  ['edFrames', framesOf('ed')],
  ['esFrames', framesOf('es')],
  ['anatomicallyValid', ({ measures }) => measures.anatomicallyValid],
  ['anatomicallyInvalidFrames', framesWith(({ anatomicalFailure }) => anatomicalFailure !== undefined)],
  ['temporallyValid', ({ measures }) => measures.temporallyValid],
  ['temporallyFlaggedFrames', framesWith(({ temporalFlags }) => temporalFlags.length > 0)],
  ['temporallyValidAtFrameRate', ({ measures }) => measures.temporallyValidAtFrameRate],
  [
    'temporallyFlaggedFramesAtFrameRate',
    framesWith(({ temporalFlagsAtFrameRate }) => temporalFlagsAtFrameRate.length > 0),
  ],
  ['meanUncertainty', ({ measures }) => rounded(measures.meanUncertainty)],
];

/** The videos in order; cells as of `framesCsv`. */
export function videosCsv(videos: readonly MeasuredVideo[]): string {
  return csvText(videoColumns, videos);
}
