import { describe, expect, it } from 'vitest';
import { parseTable } from '../../datasets/csv.ts';
import type { FrameMeasures, VideoMeasures } from '../../metrics/video-measures.ts';
import { framesCsv, videosCsv } from './measures-csv.ts';
import { measuresJson } from './measures-json.ts';

const frame: FrameMeasures = {
  frame: 0,
  timeMs: 0,
  phase: 'ed',
  lvAreaMm2: 3000.0000000004,
  myoAreaMm2: 1800,
  lvLengthMm: 80,
  lvVolumeMl: 104.71975511965977,
  anatomicalFailure: undefined,
  temporalFlags: [],
  temporalFlagsAtFrameRate: [],
  meanUncertainty: 0.125,
};
const measures: VideoMeasures = {
  edFrame: 0,
  esFrame: 1,
  lostFrames: [2, 7],
  edVolumeMl: frame.lvVolumeMl,
  esVolumeMl: undefined,
  ejectionFraction: undefined,
  gls: -0.2,
  cycles: 1,
  anatomicallyValid: false,
  temporallyValid: true,
  temporallyValidAtFrameRate: true,
  meanUncertainty: 0.2,
  frames: [
    frame,
    {
      ...frame,
      frame: 1,
      timeMs: 40,
      phase: 'es',
      lvVolumeMl: undefined,
      lvLengthMm: undefined,
      anatomicalFailure: 'holesInLv',
      temporalFlags: ['lvArea', 'lvLength'],
    },
  ],
};
const video = {
  name: 'a, "odd" name',
  geometry: { frames: 2, rows: 100, columns: 120, spacingMm: [0.5, 0.4] as const, frameTimeMs: 40 },
  measures,
};

describe('measures as CSV', () => {
  it('have one row a video, readable by our own reader of tables', () => {
    const [row, ...others] = parseTable(videosCsv([video]), ['video'], 'measures.csv');
    expect(others).toEqual([]);
    expect(row).toMatchObject({
      video: video.name,
      frames: '2',
      spacingColumnMm: '0.4',
      edVolumeMl: '104.72',
      esVolumeMl: '',
      ejectionFraction: '',
      edLvAreaMm2: '3000',
      esLvLengthMm: '',
      edFrames: '0',
      esFrames: '1',
      lostFrames: '2 7',
      anatomicallyValid: 'false',
      anatomicallyInvalidFrames: '1',
      temporallyFlaggedFrames: '1',
      temporallyFlaggedFramesAtFrameRate: '0',
      meanUncertainty: '0.2',
    });
  });

  it('have one row a frame, with what failed there', () => {
    const rows = parseTable(framesCsv(video), ['frame'], 'frames.csv');
    expect(rows).toHaveLength(2);
    expect(rows[0]).toMatchObject({ phase: 'ed', lvVolumeMl: '104.72', anatomicallyValid: 'true' });
    expect(rows[1]).toMatchObject({
      timeMs: '40',
      lvVolumeMl: '',
      anatomicallyValid: 'false',
      anatomicalFailure: 'holesInLv',
      temporalFlags: 'lvArea lvLength',
    });
  });
});

describe('measures as JSON', () => {
  it('say their units and what was not measured', () => {
    const document = JSON.parse(measuresJson(video, 'echoloop 1.2.3'));
    expect(document).toMatchObject({
      video: video.name,
      software: 'echoloop 1.2.3',
      units: { lvAreaMm2: 'mm2', edVolumeMl: 'mL', ejectionFraction: '1' },
      geometry: { rows: 100, spacingMm: [0.5, 0.4] },
      measures: { edVolumeMl: 104.72, esVolumeMl: null, gls: -0.2, anatomicallyValid: false },
    });
    expect(document.frames).toHaveLength(2);
    expect(document.frames[1]).toMatchObject({ lvVolumeMl: null, anatomicalFailure: 'holesInLv' });
  });
});
