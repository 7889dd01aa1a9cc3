/** The linear shape model (method.md 4.4) of annotated source videos, as a run fits it. */
import type { RunConfig } from '../../contracts/run-config.ts';
import { preprocessLabels } from '../../datasets/preprocessing.ts';
import { randomStream } from '../../ground/random.ts';
import type { LabelVideo } from '../../imaging/image.ts';
import { fitLinearShapes, type LinearShapes } from '../../method/shapes/linear-shapes.ts';

/** @throws DomainError DatasetInvalid where fewer than eight frames have a whole shape. */
export function shapesOf(
  annotated: Iterable<LabelVideo>,
  { preprocessing, linearShapes, seed }: Pick<RunConfig, 'preprocessing' | 'linearShapes' | 'seed'>,
): LinearShapes {
  const labels = Array.from(annotated, (each) => preprocessLabels(each, preprocessing));
  return fitLinearShapes(labels, linearShapes, randomStream(seed, 'linear-shapes'));
}
