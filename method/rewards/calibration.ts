/**
 * Temperature scaling of a reward network (method.md 5.3): one positive number by which its logits are divided, so that
 * a reward of 0.8 is right for 80 % of the pixels that receive it.
 */
import { DomainError } from '../../ground/errors.ts';

/** Temperatures outside this range mean that validation holds no information on calibration. */
const TEMPERATURE_BOUNDS = [0.01, 100] as const;
const MAX_ITERATIONS = 200;

/** Logistic function, exact at both ends. */
export function sigmoid(logit: number): number {
  return logit >= 0 ? 1 / (1 + Math.exp(-logit)) : 1 - 1 / (1 + Math.exp(logit));
}

/** First and second derivative of the mean binary negative log likelihood with respect to 1 / T. */
function derivatives(logits: Float32Array, labels: ArrayLike<number>, inverse: number): [number, number] {
  let first = 0;
  let second = 0;
  for (let i = 0; i < logits.length; i++) {
    const logit = logits[i]!;
    const probability = sigmoid(logit * inverse);
    first += (probability - labels[i]!) * logit;
    second += probability * (1 - probability) * logit * logit;
  }
  return [first / logits.length, second / logits.length];
}

/**
 * The temperature T in [0.01, 100] minimising the binary negative log likelihood of sigmoid(logit / T).
 *
 * `labels` are in [0, 1] and may be soft. The likelihood is convex in 1 / T, so Newton steps kept inside a bracket
 * find its only minimum. Labels that the logits separate perfectly have none and give a temperature near the lower
 * end, labels that contradict them the upper end.
 * @throws DatasetInvalid when there are no pixels, the lengths differ or a logit is not finite.
 */
export function fitTemperature(logits: Float32Array, labels: ArrayLike<number>): number {
  if (logits.length === 0 || logits.length !== labels.length) {
    throw new DomainError(
      'DatasetInvalid',
      `Temperature scaling needs one label per logit and at least one pixel; found ${logits.length} logits and ` +
        `${labels.length} labels. Check that the validation split of the reward fit is not empty.`,
    );
  }
  let low = 1 / TEMPERATURE_BOUNDS[1];
  let high = 1 / TEMPERATURE_BOUNDS[0];
  let inverse = 1;
  for (let iteration = 0; iteration < MAX_ITERATIONS && high - low > 1e-12 * high; iteration++) {
    const [first, second] = derivatives(logits, labels, inverse);
    if (!Number.isFinite(first)) {
      throw new DomainError(
        'DatasetInvalid',
        'Temperature scaling met a logit or label that is not finite. The reward network has diverged: lower ' +
          'rewardFit.learningRate.',
      );
    }
    if (first === 0) break;
    if (first > 0) high = inverse;
    else low = inverse;
    const newton = inverse - first / second;
    const proposal = newton > low && newton < high ? newton : Math.sqrt(low * high);
    if (Math.abs(proposal - inverse) <= 1e-12 * inverse) break;
    inverse = proposal;
  }
  return 1 / inverse;
}

/** Mean binary negative log likelihood of sigmoid(logit / temperature), natural logarithm. */
export function binaryNegativeLogLikelihood(
  logits: Float32Array,
  labels: ArrayLike<number>,
  temperature: number,
): number {
  let total = 0;
  for (let i = 0; i < logits.length; i++) {
    const scaled = logits[i]! / temperature;
    // softplus(z) - y z, which does not overflow for large |z|.
    total += Math.max(scaled, 0) + Math.log1p(Math.exp(-Math.abs(scaled))) - labels[i]! * scaled;
  }
  return total / logits.length;
}
