/**
 * Correction of a cleaned segmentation by the shape autoencoder (method.md 4.2), or none where the run has no
 * autoencoder.
 */
import type { ArtefactRef } from '../../ground/artefact-ref.ts';
import type { LabelVideo } from '../../imaging/image.ts';
import { correctSequence } from '../../method/rewards/correct-sequence.ts';
import { decodeAutoencoder } from '../../method/rewards/shape-autoencoder/autoencoder-checkpoint.ts';
import type { ActivityContext } from '../context.ts';

export interface ShapeCorrection {
  correct(cleaned: LabelVideo): LabelVideo;
  dispose(): void;
}

export async function loadShapeCorrection(
  context: ActivityContext,
  reference: ArtefactRef | undefined,
): Promise<ShapeCorrection> {
  if (!reference) return { correct: (cleaned) => cleaned, dispose: () => undefined };
  const trained = decodeAutoencoder(await context.cache.read(reference));
  return {
    correct: (cleaned) => correctSequence(trained, cleaned),
    dispose: () => trained.autoencoder.dispose(),
  };
}
