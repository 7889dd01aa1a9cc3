/** Measures of one video as a JSON document that says its units itself. */
import type { VideoMeasures } from '../../metrics/video-measures.ts';
import { type MeasuredVideo, rounded } from './measured-video.ts';

type MeasureName = Exclude<keyof VideoMeasures, 'frames'> | keyof VideoMeasures['frames'][number];

/** Units by the name of the measure, as UCUM writes them; 1 is a share. */
const units: Partial<Record<MeasureName, string>> = {
  timeMs: 'ms',
  lvAreaMm2: 'mm2',
  myoAreaMm2: 'mm2',
  lvLengthMm: 'mm',
  lvVolumeMl: 'mL',
  edVolumeMl: 'mL',
  esVolumeMl: 'mL',
  ejectionFraction: '1',
  gls: '1',
  meanUncertainty: '1',
};

/** Frames are counted from 0; what was not measured is null. `software` is who measured, with the version. */
export function measuresJson({ name, geometry, measures }: MeasuredVideo, software: string): string {
  const { frames, rows, columns, spacingMm, frameTimeMs } = geometry;
  const { frames: byFrame, ...ofVideo } = measures;
  const document = {
    video: name,
    software,
    units,
    geometry: { frames, rows, columns, spacingMm, frameTimeMs },
    measures: withNulls(ofVideo),
    frames: byFrame.map(withNulls),
  };
  return `${JSON.stringify(document, undefined, 1)}\n`;
}

function withNulls(measures: object): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(measures).map(([name, value]) => [
      name,
      typeof value === 'number' ? rounded(value) : (value ?? null),
    ]),
  );
}
