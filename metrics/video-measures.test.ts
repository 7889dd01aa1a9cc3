import { describe, expect, it } from 'vitest';
import { LEFT_VENTRICLE, MYOCARDIUM } from '../ground/labels.ts';
import type { LabelVideo } from '../imaging/image.ts';
import { flaggedFrames, videoMeasures } from './video-measures.ts';

const WALL_MM = 8;

interface Chamber {
  readonly halfWidthMm: number;
  readonly heightMm: number;
}

/** Beat of a chamber: half an ellipsoid that stands on its base, from its largest to its smallest and back. */
function chamberAt(frame: number, framesPerBeat: number): Chamber {
  const filling = 0.5 + 0.5 * Math.cos((2 * Math.PI * frame) / framesPerBeat);
  return { halfWidthMm: 18 + 7 * filling, heightMm: 66 + 14 * filling };
}

/** The beating chamber, walled by 8 mm of myocardium. */
function beatingChamber(frames: number, framesPerBeat: number, spacingMm: [number, number]): LabelVideo {
  const rows = Math.round(110 / spacingMm[0]);
  const columns = Math.round(90 / spacingMm[1]);
  const labels = new Uint8Array(frames * rows * columns);
  const base = rows - Math.round(10 / spacingMm[0]);
  for (let i = 0; i < labels.length; i++) {
    const { halfWidthMm, heightMm } = chamberAt(Math.floor(i / (rows * columns)), framesPerBeat);
    const up = (base - (Math.floor(i / columns) % rows)) * spacingMm[0];
    const across = ((i % columns) - columns / 2) * spacingMm[1];
    const within = (wide: number, high: number) => up >= 0 && (across / wide) ** 2 + (up / high) ** 2 <= 1;
    if (within(halfWidthMm, heightMm)) labels[i] = LEFT_VENTRICLE;
    else if (within(halfWidthMm + WALL_MM, heightMm + WALL_MM)) labels[i] = MYOCARDIUM;
  }
  return { frames, rows, columns, spacingMm, frameTimeMs: 40, labels };
}

const areaMm2 = ({ halfWidthMm, heightMm }: Chamber) => (Math.PI / 2) * halfWidthMm * heightMm;
const volumeMl = ({ halfWidthMm, heightMm }: Chamber) =>
  (2 / 3) * Math.PI * halfWidthMm ** 2 * heightMm * 1e-3;
const away = (value: number | undefined, truth: number) => Math.abs(value! / truth - 1);

describe('the measures of a beating half ellipsoid', () => {
  const framesPerBeat = 20;
  const video = beatingChamber(41, framesPerBeat, [0.5, 0.4]);
  const measured = videoMeasures(video);

  it('are its area, length and volume in every frame, to within the pixels', () => {
    for (const { frame, timeMs, ...measures } of measured.frames) {
      const truth = chamberAt(frame, framesPerBeat);
      expect(timeMs).toBe(40 * frame);
      expect(away(measures.lvAreaMm2, areaMm2(truth))).toBeLessThan(0.02);
      expect(Math.abs(measures.lvLengthMm! - truth.heightMm)).toBeLessThan(1);
      expect(away(measures.lvVolumeMl, volumeMl(truth))).toBeLessThan(0.03);
      const walled = { halfWidthMm: truth.halfWidthMm + WALL_MM, heightMm: truth.heightMm + WALL_MM };
      expect(away(measures.myoAreaMm2, areaMm2(walled) - areaMm2(truth))).toBeLessThan(0.02);
    }
  });

  it('come nearer to the true volume on a finer grid', () => {
    const truth = volumeMl(chamberAt(0, framesPerBeat));
    const errorAt = (spacing: number) =>
      away(videoMeasures(beatingChamber(1, framesPerBeat, [spacing, spacing])).edVolumeMl, truth);
    expect(errorAt(0.25)).toBeLessThan(0.6 * errorAt(1));
    expect(errorAt(0.25)).toBeLessThan(0.01);
  });

  it('have the volumes of the key frames and the share that is ejected', () => {
    const [ed, es] = [chamberAt(0, framesPerBeat), chamberAt(10, framesPerBeat)].map(volumeMl);
    expect([measured.edFrame, measured.esFrame]).toEqual([0, 10]);
    expect(away(measured.edVolumeMl, ed!)).toBeLessThan(0.03);
    expect(away(measured.esVolumeMl, es!)).toBeLessThan(0.03);
    expect(measured.ejectionFraction).toBeCloseTo(1 - es! / ed!, 1);
    expect(measured.ejectionFraction).toBeCloseTo(1 - measured.esVolumeMl! / measured.edVolumeMl!, 12);
  });

  it('name the phases of every beat', () => {
    const framesIn = (phase: string) => measured.frames.filter((f) => f.phase === phase).map((f) => f.frame);
    expect(framesIn('ed')).toEqual([0, 20, 40]);
    expect(framesIn('es')).toEqual([10, 30]);
    expect(measured.cycles).toBe(2);
  });

  it('take a frame that lost its ventricle for no phase of a beat, and measure what the others measure', () => {
    const pixels = video.rows * video.columns;
    const torn = videoMeasures({ ...video, labels: video.labels.slice().fill(0, 26 * pixels, 27 * pixels) });
    expect(torn.lostFrames).toEqual([26]);
    expect(torn.frames.flatMap(({ frame, phase }) => (phase === 'es' ? [frame] : []))).toEqual([10, 30]);
    for (const name of ['edFrame', 'esFrame', 'esVolumeMl', 'ejectionFraction', 'gls', 'cycles'] as const) {
      expect([name, torn[name]]).toEqual([name, measured[name]]);
    }
  });

  it('flag the frame in which the segmentation is broken, and those beside it from which it jumps', () => {
    expect(flaggedFrames(measured)).toEqual([]);
    const broken = { ...video, labels: video.labels.slice() };
    // A hole inside of the ventricle.
    const [row, column] = [Math.round(video.rows * 0.7), Math.round(video.columns / 2)];
    broken.labels[(12 * video.rows + row) * video.columns + column] = 0;
    const found = videoMeasures(broken);
    expect(flaggedFrames(found)).toEqual([11, 12, 13]);
    const failures = found.frames.map(({ anatomicalFailure }) => anatomicalFailure);
    expect(failures.flatMap((failure, t) => (failure ? [t, failure] : []))).toEqual([12, 'holesInLv']);
    expect(found.frames[13]!.temporalFlags).toContain('hausdorffEpi');
    expect([found.anatomicallyValid, found.temporallyValid]).toEqual([false, false]);
  });
});

describe('uncertainty', () => {
  const video = beatingChamber(2, 20, [2, 2]);

  it('is the mean of what confidence leaves, over segmented pixels of a frame and of the video', () => {
    const size = video.rows * video.columns;
    const intensities = Float32Array.from(video.labels, (label, i) =>
      label === 0 ? 0 : i < size ? 0.75 : 0.5,
    );
    const { frames, meanUncertainty } = videoMeasures(video, { ...video, intensities });
    expect(frames.map((frame) => frame.meanUncertainty)).toEqual([0.25, 0.5]);
    expect(meanUncertainty).toBeGreaterThan(0.25);
    expect(meanUncertainty).toBeLessThan(0.5);
  });

  it('of another grid is refused', () => {
    const other = { ...video, frames: 1, intensities: new Float32Array(video.rows * video.columns) };
    expect(() => videoMeasures(video, other)).toThrow(/confidence map/);
  });
});

describe('an empty segmentation', () => {
  it('has areas of 0 and nothing that needs landmarks, and is not valid', () => {
    const video = { ...beatingChamber(3, 20, [4, 4]) };
    const empty = videoMeasures({ ...video, labels: new Uint8Array(video.labels.length) });
    expect(empty.edVolumeMl).toBeUndefined();
    expect(empty.ejectionFraction).toBeUndefined();
    expect(empty.anatomicallyValid).toBe(false);
    expect(empty.frames[1]).toMatchObject({
      lvAreaMm2: 0,
      lvLengthMm: undefined,
      lvVolumeMl: undefined,
      anatomicalFailure: 'lvPresent',
      meanUncertainty: undefined,
    });
  });
});
