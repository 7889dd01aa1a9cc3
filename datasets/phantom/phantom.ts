/**
 * Synthetic apical cine loops with exact ground truth, for tests, benchmarks and the demonstration: no patient data
 * needed. Two domains: `source` is one well set-up scanner, `target` other machines and harder patients.
 */
import { DomainError } from '../../ground/errors.ts';
import { randomStream } from '../../ground/random.ts';
import type { GreyVideo, LabelVideo, VideoGeometry } from '../../imaging/image.ts';
import { type Acquisition, drawAcquisition } from './acquisition.ts';
import { type ApicalView, drawHeart, type Heart } from './heart.ts';
import { renderPhantom } from './render.ts';
import { phantomLabels } from './truth.ts';

export type PhantomDomain = 'source' | 'target';

/** Goes up when the same options make other videos, so that what was made before is not taken for them. */
export const PHANTOM_VERSION = 2;

export interface PhantomOptions {
  readonly domain: PhantomDomain;
  readonly seed: number;
  /** Number of the video; two neighbours (2n, 2n + 1) are the four- and two-chamber view of one patient. */
  readonly index: number;
  /** How far the target lies from the source, 0..3: 1 is the default, 0 gives source-like pictures. */
  readonly shift?: number;
}

/** What is drawn before a picture is made: the heart, and how it is scanned. */
export interface PhantomPlan {
  readonly id: string;
  readonly study: string;
  readonly view: ApicalView;
  readonly heart: Heart;
  readonly scan: Acquisition;
}

export interface PhantomCase extends Pick<PhantomPlan, 'id' | 'study' | 'view'> {
  readonly image: GreyVideo;
  readonly labels: LabelVideo;
}

/** @throws ConfigInvalid for a shift outside 0..3 */
export function planPhantom({ domain, seed, index, shift = 1 }: PhantomOptions): PhantomPlan {
  if (!(shift >= 0 && shift <= 3)) {
    throw new DomainError('ConfigInvalid', `expected a domain shift between 0 and 3, found ${shift}.`);
  }
  const patientNumber = Math.floor(index / 2);
  const view: ApicalView = index % 2 === 0 ? 'a4c' : 'a2c';
  const patient = randomStream(seed, 'phantom', domain, 'patient', patientNumber);
  const scanner = randomStream(seed, 'phantom', domain, 'scan', index);
  const distance = domain === 'source' ? 0 : shift;
  const heartRate = 55 + 35 * patient.uniform();
  const framesPerBeat = 10 * 4 ** patient.uniform();
  const scan = drawAcquisition(distance, heartRate, framesPerBeat, scanner);
  const depthMm = scan.rows * scan.spacingMm;
  const heart = drawHeart({ view, depthMm, framesPerBeat, shift: distance }, patient, scanner);
  const study = `phantom-${domain}-${seed}-${String(patientNumber).padStart(4, '0')}`;
  return { id: `${study}-${view}`, study, view, heart, scan };
}

/** The true labels of a phantom, without its picture. */
export function trueLabels({ heart, scan }: PhantomPlan): LabelVideo {
  return { ...gridOf(scan), labels: phantomLabels(heart, scan) };
}

/**
 * One phantom video: 16-32 frames, 10-40 a beat, of 112-128 x 112 pixels, grey levels in steps of 1/255, labels of
 * ground/labels.ts. A function of its options alone, so videos can be made one by one and in any order.
 * @throws ConfigInvalid for a shift outside 0..3
 */
export function generatePhantom(options: PhantomOptions): PhantomCase {
  const plan = planPhantom(options);
  const { id, study, view, heart, scan } = plan;
  const speckle = randomStream(options.seed, 'phantom', options.domain, 'speckle', options.index);
  const intensities = renderPhantom(heart, scan, speckle);
  return { id, study, view, image: { ...gridOf(scan), intensities }, labels: trueLabels(plan) };
}

function gridOf({ frames, rows, columns, spacingMm, frameTimeMs }: Acquisition): VideoGeometry {
  return { frames, rows, columns, spacingMm: [spacingMm, spacingMm], frameTimeMs };
}
