/** Local maxima of a signal with the rules and the order of filters of scipy.signal.find_peaks. */

export interface PeakRules {
  /** Least value of a peak. */
  readonly height?: number;
  /** Least distance in samples between peaks; the higher ones are kept. */
  readonly distance?: number;
  /** Least prominence: the drop to the higher of the two lowest points before higher ground on each side. */
  readonly prominence?: number;
}

/** Indices of strict local maxima; a flat top counts once, at its middle rounded down; end samples never count. */
function localMaxima(signal: ArrayLike<number>): number[] {
  const peaks: number[] = [];
  const lastIndex = signal.length - 1;
  for (let i = 1; i < lastIndex; i++) {
    if (signal[i - 1]! >= signal[i]!) continue;
    let ahead = i + 1;
    while (ahead < lastIndex && signal[ahead] === signal[i]) ahead++;
    if (signal[ahead]! < signal[i]!) {
      peaks.push((i + ahead - 1) >> 1);
      i = ahead;
    }
  }
  return peaks;
}

/** Drops peaks closer than `distance` to a higher one; among equals the later one is kept. */
function farApart(signal: ArrayLike<number>, peaks: readonly number[], distance: number): number[] {
  const least = Math.ceil(distance);
  const keep = peaks.map(() => true);
  const byHeight = peaks.map((_, i) => i).sort((a, b) => signal[peaks[a]!]! - signal[peaks[b]!]! || a - b);
  for (let k = byHeight.length - 1; k >= 0; k--) {
    const j = byHeight[k]!;
    if (!keep[j]) continue;
    for (let i = j - 1; i >= 0 && peaks[j]! - peaks[i]! < least; i--) keep[i] = false;
    for (let i = j + 1; i < peaks.length && peaks[i]! - peaks[j]! < least; i++) keep[i] = false;
  }
  return peaks.filter((_, i) => keep[i]);
}

function prominenceOf(signal: ArrayLike<number>, peak: number): number {
  const top = signal[peak]!;
  let leftLow = top;
  for (let i = peak; i >= 0 && signal[i]! <= top; i--) leftLow = Math.min(leftLow, signal[i]!);
  let rightLow = top;
  for (let i = peak; i < signal.length && signal[i]! <= top; i++) rightLow = Math.min(rightLow, signal[i]!);
  return top - Math.max(leftLow, rightLow);
}

/** Indices of the peaks that satisfy the rules, ascending. */
export function findPeaks(signal: ArrayLike<number>, rules: PeakRules = {}): number[] {
  let peaks = localMaxima(signal);
  const { height, distance, prominence } = rules;
  if (height !== undefined) peaks = peaks.filter((peak) => signal[peak]! >= height);
  if (distance !== undefined) peaks = farApart(signal, peaks, distance);
  if (prominence !== undefined) peaks = peaks.filter((peak) => prominenceOf(signal, peak) >= prominence);
  return peaks;
}
