/** The most likely label of every pixel of probabilities or logits [..., classes]; the first on ties. */
export function mostLikely(values: Float32Array, classes: number): Uint8Array {
  const labels = new Uint8Array(values.length / classes);
  for (let i = 0; i < labels.length; i++) {
    let best = 0;
    for (let k = 1; k < classes; k++) if (values[i * classes + k]! > values[i * classes + best]!) best = k;
    labels[i] = best;
  }
  return labels;
}
