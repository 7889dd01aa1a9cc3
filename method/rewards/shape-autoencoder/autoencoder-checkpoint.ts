/** A trained shape autoencoder as one safetensors file: weights, latent ranges and configuration. */

import { ShapeAutoencoderSchema } from '../../../contracts/run-config.ts';
import { DomainError } from '../../../ground/errors.ts';
import { withoutPrefix, withPrefix } from '../../networks/prefixed-arrays.ts';
import { decodeSafetensors, encodeSafetensors } from '../../networks/safetensors.ts';
import { ShapeAutoencoder } from './autoencoder.ts';
import { boundsFromArrays, boundsToArrays, type LatentBounds } from './latent-bounds.ts';

const KIND = 'shape-autoencoder';

/** A trained autoencoder with what shape correction needs besides its weights. */
export interface TrainedAutoencoder {
  readonly autoencoder: ShapeAutoencoder;
  /** One entry per latent dimension. */
  readonly bounds: readonly LatentBounds[];
}

/** The file; the same autoencoder gives the same bytes. */
export function encodeAutoencoder({ autoencoder, bounds }: TrainedAutoencoder): Uint8Array {
  const arrays = {
    ...withPrefix('autoencoder', autoencoder.toArrays()),
    ...withPrefix('latent', boundsToArrays(bounds)),
  };
  return encodeSafetensors(arrays, { kind: KIND, config: JSON.stringify(autoencoder.config) });
}

/**
 * Reads what `encodeAutoencoder` gave; the caller disposes the autoencoder.
 * @throws CheckpointIncompatible when the file is damaged, of another kind or incomplete.
 */
export function decodeAutoencoder(bytes: Uint8Array): TrainedAutoencoder {
  const { arrays, metadata } = decodeSafetensors(bytes);
  if (metadata.kind !== KIND) {
    throw new DomainError(
      'CheckpointIncompatible',
      `Expected a checkpoint of kind "${KIND}", found "${metadata.kind ?? '(none)'}". Pass the shape autoencoder of the run.`,
    );
  }
  const config = ShapeAutoencoderSchema.safeParse(parseJson(metadata.config));
  if (!config.success) {
    throw new DomainError(
      'CheckpointIncompatible',
      'The configuration in the checkpoint of the shape autoencoder cannot be read. Train the autoencoder again.',
    );
  }
  const bounds = boundsFromArrays(withoutPrefix('latent', arrays));
  if (bounds.length !== config.data.latentDimensions) {
    throw new DomainError(
      'CheckpointIncompatible',
      `The checkpoint of the shape autoencoder has ranges for ${bounds.length} of ${config.data.latentDimensions} latent ` +
        'dimensions: its training did not end. Train it to the end.',
    );
  }
  return {
    autoencoder: ShapeAutoencoder.fromArrays(config.data, withoutPrefix('autoencoder', arrays)),
    bounds,
  };
}

function parseJson(text: string | undefined): unknown {
  try {
    return JSON.parse(text ?? '');
  } catch {
    return undefined;
  }
}
