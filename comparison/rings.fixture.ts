/** Noisy rings around bright cavities as windows, tiny: trainings of systems can be looked at in seconds. */
import { randomStream } from '../ground/random.ts';
import type { GreyVideo, LabelVideo } from '../imaging/image.ts';
import { labelledWindowsOf } from '../method/windows/training-windows.ts';

/** In the target, walls are darker and the noise is stronger. */
const looks = {
  source: { greys: [0.1, 0.8, 0.5], noise: 0.1 },
  target: { greys: [0.15, 0.6, 0.35], noise: 0.15 },
} as const;

/** Clips of six frames of 16 x 16 pixels of 1 mm, each with a ring of its own. */
export function ringWindows(look: keyof typeof looks, count: number, seed: number) {
  return labelledWindowsOf(Array.from({ length: count }, (_, i) => ringClip(look, seed + i)));
}

export function ringClip(look: keyof typeof looks, seed: number): { image: GreyVideo; labels: LabelVideo } {
  const { greys, noise } = looks[look];
  const random = randomStream(seed, 'ring', look);
  const centre = [6 + 3 * random.uniform(), 6 + 3 * random.uniform()] as const;
  const radius = 2 + 1.5 * random.uniform();
  const geometry = { frames: 6, rows: 16, columns: 16, spacingMm: [1, 1] as const, frameTimeMs: 40 };
  const labels = Uint8Array.from({ length: 6 * 256 }, (_, i) => {
    const distance = Math.hypot((Math.floor(i / 16) % 16) - centre[0], (i % 16) - centre[1]);
    return distance < radius ? 1 : distance < radius + 2.5 ? 2 : 0;
  });
  const intensities = Float32Array.from(labels, (label) =>
    Math.min(1, Math.max(0, greys[label]! + noise * random.normal())),
  );
  return { image: { ...geometry, intensities }, labels: { ...geometry, labels } };
}
