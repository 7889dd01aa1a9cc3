/**
 * What a reward map knows that the policy does not (method.md 5.1): where two segmentations of a video differ and one
 * of them is right, which one it prefers; whether it prefers the ventricle to the wall; whether it finds the wrong
 * pixels of a segmentation.
 */
import { BACKGROUND, LEFT_VENTRICLE } from '../../ground/labels.ts';
import { randomStream } from '../../ground/random.ts';
import { geometryOf, type LabelVideo } from '../../imaging/image.ts';
import { type NestedValue, nestedBootstrapMean } from '../../metrics/nested-bootstrap.ts';
import { areaUnderRoc } from '../../metrics/ranking.ts';
import type { Interval } from '../../metrics/statistics.ts';
import { foregroundConfidence } from '../../metrics/uncertainty.ts';

/** A segmentation of a video with what each pixel of it earns. */
export interface Rewarded {
  /** [frames, rows, columns] */
  readonly labels: Uint8Array;
  readonly reward: Float32Array;
}

/** Pixels of one video where two segmentations differ and one is right. */
export interface Choices {
  readonly pixels: number;
  /** Where the right one earns more. */
  readonly right: number;
  /** Where the first one is right: what always preferring it would give. */
  readonly firstRight: number;
  /** Where one says ventricle and the other wall, and those of them that earn more or are right as ventricle. */
  readonly ventricleOrWall: number;
  readonly prefersVentricle: number;
  readonly isVentricle: number;
}

/** @param truth labels of the same pixels */
export function choicesBetween(first: Rewarded, second: Rewarded, truth: Uint8Array): Choices {
  const firstIsRight = (i: number): boolean => first.labels[i] === truth[i];
  const secondIsRight = (i: number): boolean => second.labels[i] === truth[i];
  const prefersFirst = (i: number): boolean => first.reward[i]! > second.reward[i]!;
  const preferred = (i: number): number => (prefersFirst(i) ? first : second).labels[i]!;
  const pixels = [...truth.keys()].filter((i) => firstIsRight(i) !== secondIsRight(i));
  const hearts = pixels.filter((i) => first.labels[i] !== BACKGROUND && second.labels[i] !== BACKGROUND);
  return {
    pixels: pixels.length,
    right: pixels.filter((i) => prefersFirst(i) === firstIsRight(i)).length,
    firstRight: pixels.filter(firstIsRight).length,
    ventricleOrWall: hearts.length,
    prefersVentricle: hearts.filter((i) => preferred(i) === LEFT_VENTRICLE).length,
    isVentricle: hearts.filter((i) => truth[i] === LEFT_VENTRICLE).length,
  };
}

/** Counts of several videos together. */
export function allChoices(videos: readonly Choices[]): Choices {
  const sum = (name: keyof Choices): number => videos.reduce((total, one) => total + one[name], 0);
  return {
    pixels: sum('pixels'),
    right: sum('right'),
    firstRight: sum('firstRight'),
    ventricleOrWall: sum('ventricleOrWall'),
    prefersVentricle: sum('prefersVentricle'),
    isVentricle: sum('isVentricle'),
  };
}

/** Choices in one video of a patient. */
export interface PatientChoices extends Choices {
  readonly patient: string;
}

/**
 * In how much more of the pixels the right one earns more than always preferring the second would be right, with its
 * 95 % interval over patients: most of the pixels lie in the few videos that inference changes much, and what is right
 * there is right for a whole wall at once.
 */
export function rightBeyondSecond(videos: readonly PatientChoices[]): Interval {
  const values = videos.flatMap(({ patient, pixels, right, firstRight }) => {
    const more = right - (pixels - firstRight);
    return Array.from({ length: pixels }, (_, pixel): NestedValue => {
      return { seed: 0, patient, value: pixel < Math.abs(more) ? Math.sign(more) : 0 };
    });
  });
  return nestedBootstrapMean(values, randomStream(0, 'choices'));
}

/** Wrong pixels of a segmentation and how unsure something is of each, over all that it or the truth calls heart. */
export interface Suspicions {
  readonly wrong: Uint8Array;
  readonly suspicion: Float32Array;
}

/** @param sureness of each pixel, in [0, 1] */
export function suspicionsOf(
  segmentation: LabelVideo,
  truth: LabelVideo,
  sureness: Float32Array,
): Suspicions {
  const map = { ...geometryOf(segmentation), intensities: sureness };
  const { confidence, correct } = foregroundConfidence(segmentation, truth, map);
  return { wrong: correct.map((right) => 1 - right), suspicion: confidence.map((sure) => 1 - sure) };
}

/** Area under the ROC curve over the pixels of all videos; undefined where nothing or all is wrong. */
export function findsErrors(videos: readonly Suspicions[]): number | undefined {
  return areaUnderRoc(
    Uint8Array.from(videos.flatMap(({ wrong }) => [...wrong])),
    Float32Array.from(videos.flatMap(({ suspicion }) => [...suspicion])),
  );
}
