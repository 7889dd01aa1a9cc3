/** Videos as the networks see them: read from the store through the cache, decoded, preprocessed (method.md 2). */
import type { PreprocessingConfig } from '../../contracts/run-config.ts';
import { decodeNifti, readGreyNifti, readReference } from '../../datasets/nifti.ts';
import { type Preprocessed, preprocess, preprocessLabels } from '../../datasets/preprocessing.ts';
import type { ArtefactRef } from '../../ground/artefact-ref.ts';
import { DomainError } from '../../ground/errors.ts';
import type { LabelVideo } from '../../imaging/image.ts';
import { findArtefact } from '../../storage/artefacts.ts';
import { datasetKeys } from '../../storage/keys.ts';
import type { ActivityContext } from '../context.ts';

export interface PreparedVideo extends Preprocessed {
  readonly id: string;
  readonly reference: ArtefactRef;
}

/** @throws DomainError ArtefactMissing, ChecksumMismatch, or what the reader finds wrong with the file. */
export async function prepareVideo(
  context: ActivityContext,
  dataset: string,
  id: string,
  config: PreprocessingConfig,
): Promise<PreparedVideo> {
  const reference = await videoReference(context, dataset, id);
  const original = await readGreyNifti(await context.cache.read(reference), id);
  return { id, reference, ...preprocess(original, config) };
}

/**
 * Labels on the grid of the networks, with what they show that they know (imaging/annotation.ts). Their file may hold
 * them in other directions than the video's, as its affine then says.
 * @throws what the readers find wrong with either file, GeometryMismatch where they are of different pictures.
 */
export async function prepareLabels(
  context: ActivityContext,
  dataset: string,
  id: string,
  config: PreprocessingConfig,
): Promise<LabelVideo> {
  const video = await videoReference(context, dataset, id);
  const { geometry, layout } = decodeNifti(await context.cache.read(video), id);
  const labels = await labelsReference(context, dataset, id);
  const grid = { ...geometry, layout };
  return preprocessLabels(readReference(await context.cache.read(labels), id, grid), config);
}

/** The file of a video in the store. @throws DomainError ArtefactMissing */
export function videoReference(context: ActivityContext, dataset: string, id: string): Promise<ArtefactRef> {
  return referenceOf(context, datasetKeys.video(dataset, id));
}

/** The file of its labels. @throws DomainError ArtefactMissing */
export function labelsReference(context: ActivityContext, dataset: string, id: string): Promise<ArtefactRef> {
  return referenceOf(context, datasetKeys.labels(dataset, id));
}

async function referenceOf(context: ActivityContext, key: string): Promise<ArtefactRef> {
  const reference = await findArtefact(context.store, key);
  if (reference) return reference;
  throw new DomainError(
    'ArtefactMissing',
    `${key} is in the dataset's manifest but not in the store. Ingest the video again.`,
    { key },
  );
}
