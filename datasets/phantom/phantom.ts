/**
 * Synthetic apical cine loops with exact ground truth, for tests, benchmarks and the demonstration: no patient data needed.
 * Two domains: `source` is one well set-up scanner, `target` other machines and harder patients.
 */
import { DomainError } from '../../ground/errors.ts';
import { randomStream } from '../../ground/random.ts';
import type { GreyVideo, LabelVideo } from '../../imaging/image.ts';
import { drawAcquisition } from './acquisition.ts';
import type { ApicalView } from './heart.ts';
import { drawHeart } from './heart.ts';
import { renderPhantom } from './render.ts';

export type PhantomDomain = 'source' | 'target';

/** At this share of the ranges in acquisition.ts a policy trained on the source alone is valid on about half of the videos. */
const DEFAULT_DISTANCE = 0.5;

export interface PhantomOptions {
  readonly domain: PhantomDomain;
  readonly seed: number;
  /** Number of the video; two neighbours (2n, 2n + 1) are the four- and two-chamber view of one patient. */
  readonly index: number;
  /** How far the target lies from the source, 0..3: 1 is the default, 0 gives source-like pictures. */
  readonly shift?: number;
}

export interface PhantomCase {
  readonly id: string;
  readonly study: string;
  readonly view: ApicalView;
  readonly image: GreyVideo;
  readonly labels: LabelVideo;
}

/**
 * One phantom video: 16-32 frames of 112-128 x 112 pixels, grey levels in steps of 1/255, labels of ground/labels.ts.
 * A function of its options alone, so videos can be made one by one and in any order.
 * @throws ConfigInvalid for a shift outside 0..3
 */
export function generatePhantom({ domain, seed, index, shift = 1 }: PhantomOptions): PhantomCase {
  if (!(shift >= 0 && shift <= 3)) {
    throw new DomainError('ConfigInvalid', `expected a domain shift between 0 and 3, found ${shift}.`);
  }
  const patientNumber = Math.floor(index / 2);
  const view: ApicalView = index % 2 === 0 ? 'a4c' : 'a2c';
  const patient = randomStream(seed, 'phantom', domain, 'patient', patientNumber);
  const scanner = randomStream(seed, 'phantom', domain, 'scan', index);
  const distance = domain === 'source' ? 0 : DEFAULT_DISTANCE * shift;

  const heartRate = 55 + 35 * patient.uniform();
  const framesPerBeat = 11.5 + 6.5 * patient.uniform();
  const scan = drawAcquisition(distance, heartRate, framesPerBeat, scanner);
  const depthMm = scan.rows * scan.spacingMm;
  const heart = drawHeart(view, depthMm, framesPerBeat, 1 + 0.6 * distance, patient, scanner);
  const { intensities, labels } = renderPhantom(
    heart,
    scan,
    randomStream(seed, 'phantom', domain, 'speckle', index),
  );

  const geometry = {
    frames: scan.frames,
    rows: scan.rows,
    columns: scan.columns,
    spacingMm: [scan.spacingMm, scan.spacingMm] as const,
    frameTimeMs: scan.frameTimeMs,
  };
  const study = `phantom-${domain}-${seed}-${String(patientNumber).padStart(4, '0')}`;
  return {
    id: `${study}-${view}`,
    study,
    view,
    image: { ...geometry, intensities },
    labels: { ...geometry, labels },
  };
}
