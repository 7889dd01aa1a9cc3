import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { randomStream } from '../../ground/random.ts';
import type { LabelVideo } from '../../imaging/image.ts';
import { temporalValidity, temporalValidityAtFrameRate } from '../../metrics/temporal.ts';
import { drawAcquisition } from './acquisition.ts';
import { type ApicalView, drawHeart } from './heart.ts';
import { phantomLabels } from './truth.ts';

interface Recording {
  readonly view: ApicalView;
  readonly framesPerBeat: number;
  readonly heartRate: number;
  readonly shift: number;
}

/** True labels of a heart drawn from the seed. */
function recorded(seed: number, { view, framesPerBeat, heartRate, shift }: Recording): LabelVideo {
  const random = randomStream(seed, 'frame-rate');
  const scan = drawAcquisition(shift, heartRate, framesPerBeat, random);
  const depthMm = scan.rows * scan.spacingMm;
  const heart = drawHeart({ view, depthMm, framesPerBeat, shift }, random, random);
  const { frames, rows, columns, spacingMm, frameTimeMs } = scan;
  const labels = phantomLabels(heart, scan);
  return { frames, rows, columns, spacingMm: [spacingMm, spacingMm], frameTimeMs, labels };
}

const recordings = (from: number, to: number) =>
  fc.record({
    view: fc.constantFrom<ApicalView>('a4c', 'a2c'),
    framesPerBeat: fc.double({ min: Math.log(from), max: Math.log(to), noNaN: true }).map(Math.exp),
    heartRate: fc.double({ min: 45, max: 120, noNaN: true }),
    shift: fc.constantFrom(0, 1),
  });
const seeds = fc.integer({ min: 0, max: 1e6 });

/** The frame moved by whole pixels; what comes in from outside is background. */
function shifted(video: LabelVideo, frame: number, rows: number, columns: number): LabelVideo {
  const labels = video.labels.slice();
  const at = (t: number, r: number, c: number) => (t * video.rows + r) * video.columns + c;
  for (let r = 0; r < video.rows; r++) {
    for (let c = 0; c < video.columns; c++) {
      const inside =
        r - rows >= 0 && r - rows < video.rows && c - columns >= 0 && c - columns < video.columns;
      labels[at(frame, r, c)] = inside ? video.labels[at(frame, r - rows, c - columns)]! : 0;
    }
  }
  return { ...video, labels };
}

/** One frame shows what another one shows. */
function swapped(video: LabelVideo, frame: number, shown: number): LabelVideo {
  const pixels = video.rows * video.columns;
  const labels = video.labels.slice();
  labels.set(video.labels.subarray(shown * pixels, (shown + 1) * pixels), frame * pixels);
  return { ...video, labels };
}

describe('temporal validity at the frame rate', () => {
  test('has no flag on true labels from 5 to 40 frames a beat, whether or not the frame time is known', () => {
    fc.assert(
      fc.property(seeds, fc.oneof(recordings(5, 10), recordings(5, 40)), (seed, recording) => {
        const video = recorded(seed, recording);
        expect(temporalValidityAtFrameRate(video).failures).toEqual({});
        expect(temporalValidityAtFrameRate({ ...video, frameTimeMs: 1000 }).failures).toEqual({});
      }),
      { numRuns: 100, seed: 19 },
    );
  });

  test('finds the same as the published one in a video of 20 frames a second or more', () => {
    fc.assert(
      fc.property(
        seeds,
        recordings(10, 40),
        fc.integer({ min: 5, max: 10 }),
        fc.constantFrom('down', 'across', 'swap', 'none'),
        (seed, recording, mm, change) => {
          const video = { ...recorded(seed, recording), frameTimeMs: 33 };
          const pixels = Math.round(mm / video.spacingMm[0]);
          const changed = {
            down: () => shifted(video, 8, pixels, 0),
            across: () => shifted(video, 8, 0, pixels),
            swap: () =>
              swapped(video, 8, Math.min(video.frames - 1, 8 + Math.round(recording.framesPerBeat / 2))),
            none: () => video,
          }[change]();
          expect(temporalValidityAtFrameRate(changed)).toEqual(temporalValidity(changed));
        },
      ),
      { numRuns: 40, seed: 20 },
    );
  });

  test('finds a shift of 10 mm and the loss of half the ventricle in one frame of a fast heart', () => {
    for (let seed = 0; seed < 10; seed++) {
      const video = recorded(seed, { view: 'a4c', framesPerBeat: 8, heartRate: 80, shift: 1 });
      expect(temporalValidity(shifted(video, 7, 8, 0)).flaggedFrames).toContain(7);
      expect(temporalValidityAtFrameRate(shifted(video, 7, 8, 0)).flaggedFrames).toContain(7);
      const halved = video.labels.slice();
      const pixels = video.rows * video.columns;
      for (let i = 7 * pixels; i < 8 * pixels; i++) {
        if (halved[i] === 1 && (i - 7 * pixels) % video.columns > video.columns / 2) halved[i] = 2;
      }
      expect(temporalValidityAtFrameRate({ ...video, labels: halved }).flaggedFrames).toContain(7);
    }
  });
});
