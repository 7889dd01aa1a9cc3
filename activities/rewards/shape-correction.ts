/**
 * Correction of a cleaned segmentation by the run's linear shapes (method.md 4.4) where it has them, by its shape
 * autoencoder (4.2) otherwise, or none where it has neither.
 */
import type { LabelShardInput } from '../../contracts/activities.ts';
import type { RunConfig } from '../../contracts/run-config.ts';
import type { ArtefactRef } from '../../ground/artefact-ref.ts';
import { geometryOf, type LabelVideo } from '../../imaging/image.ts';
import { correctSequence } from '../../method/rewards/correct-sequence.ts';
import { decodeAutoencoder } from '../../method/rewards/shape-autoencoder/autoencoder-checkpoint.ts';
import { completeSequence } from '../../method/shapes/complete-sequence.ts';
import { readRunShapes } from '../artefacts/run-shapes.ts';
import type { ActivityContext } from '../context.ts';

export interface ShapeCorrection {
  /** What it is made of, for the records of what it is used for. */
  readonly inputs: readonly ArtefactRef[];
  correct(cleaned: LabelVideo): LabelVideo;
  dispose(): void;
}

export async function loadShapeCorrection(
  context: ActivityContext,
  { run, autoencoder: reference }: Pick<LabelShardInput, 'run' | 'autoencoder'>,
  config: RunConfig,
): Promise<ShapeCorrection> {
  const shapes = await readRunShapes(context, run, config);
  if (shapes) {
    const { completion } = config.inference;
    // Where there is nothing to complete, no heart is the likely one: nothing agrees with it, and it is not valid.
    const correct = (cleaned: LabelVideo) =>
      completeSequence(shapes.model, cleaned, completion) ?? withoutHeart(cleaned);
    return { inputs: [shapes.reference], correct, dispose: () => undefined };
  }
  if (!reference) return { inputs: [], correct: (cleaned) => cleaned, dispose: () => undefined };
  const trained = decodeAutoencoder(await context.cache.read(reference));
  return {
    inputs: [reference],
    correct: (cleaned) => correctSequence(trained, cleaned),
    dispose: () => trained.autoencoder.dispose(),
  };
}

function withoutHeart(video: LabelVideo): LabelVideo {
  return { ...geometryOf(video), labels: new Uint8Array(video.labels.length) };
}
