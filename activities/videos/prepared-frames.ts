/**
 * Videos and their labels as the networks see them (method.md 2), stored in chunks: prepared once for all who need
 * them, then read at random.
 */
import type { PreprocessingConfig } from '../../contracts/run-config.ts';
import type { ArtefactRef } from '../../ground/artefact-ref.ts';
import { type GreyVideo, geometryOf, type LabelVideo, type VideoGeometry } from '../../imaging/image.ts';
import { labelsToLearnFrom } from '../../method/windows/labels-to-learn-from.ts';
import { sha256Of } from '../../storage/artefacts.ts';
import { datasetKeys } from '../../storage/keys.ts';
import type { ActivityContext } from '../context.ts';
import {
  floatsOf,
  type Header,
  type Made,
  openOrMake,
  type Preparation,
  type PreparedFrames,
} from './mended-frames.ts';
import { labelsReference, prepareLabels, prepareVideo, videoReference } from './prepared-video.ts';

/** To be raised when the same file and configuration give other numbers: what was stored before is then left alone. */
const PREPARATION = { video: 1, labels: 2 } as const;

/** Grey levels as float32, [rows, columns] a chunk. */
export async function preparedVideo(
  context: ActivityContext,
  dataset: string,
  id: string,
  config: PreprocessingConfig,
): Promise<PreparedFrames> {
  return (await openOrMake(context, await preparationOfVideo(context, dataset, id, config))).frames;
}

/** Labels as training windows hold them, UNKNOWN where nobody drew, a byte a pixel. */
export async function preparedLabels(
  context: ActivityContext,
  dataset: string,
  id: string,
  config: PreprocessingConfig,
): Promise<PreparedFrames> {
  const original = await labelsReference(context, dataset, id);
  const make = async (): Promise<Made> => {
    const labels = await prepareLabels(context, dataset, id, config);
    const { annotatedFrames } = labels;
    return {
      header: headerOf(labels, annotatedFrames && { annotatedFrames: [...annotatedFrames] }),
      bytes: labelsToLearnFrom(labels),
    };
  };
  const video = await videoReference(context, dataset, id);
  const digest = digestOf([PREPARATION.labels, original.sha256, video.sha256, config]);
  const key = datasetKeys.prepared(dataset, id, digest, 'labels');
  return (await openOrMake(context, { key, original, make })).frames;
}

/** Labels that a stage stored on the grid of the networks, as the file `original`, in chunks beside it. */
export async function storedLabels(
  context: ActivityContext,
  original: ArtefactRef,
  read: () => Promise<LabelVideo>,
): Promise<PreparedFrames> {
  const make = async (): Promise<Made> => {
    const labels = await read();
    return { header: headerOf(labels), bytes: labels.labels };
  };
  return (await openOrMake(context, { key: `${original.key}.frames`, original, make })).frames;
}

/** The whole of a prepared video, and the file that it is from. */
export async function wholePreparedVideo(
  context: ActivityContext,
  dataset: string,
  id: string,
  config: PreprocessingConfig,
): Promise<{ readonly reference: ArtefactRef; readonly video: GreyVideo }> {
  const preparation = await preparationOfVideo(context, dataset, id, config);
  const { frames, made } = await openOrMake(context, preparation);
  const bytes = made?.bytes ?? (await frames.readAll());
  return { reference: preparation.original, video: { ...frames.geometry, intensities: floatsOf(bytes) } };
}

async function preparationOfVideo(
  context: ActivityContext,
  dataset: string,
  id: string,
  config: PreprocessingConfig,
): Promise<Preparation> {
  const original = await videoReference(context, dataset, id);
  return {
    key: datasetKeys.prepared(dataset, id, digestOf([PREPARATION.video, original.sha256, config]), 'video'),
    original,
    async make() {
      const { video } = await prepareVideo(context, dataset, id, config);
      const { buffer, byteOffset, byteLength } = video.intensities;
      return { header: headerOf(video), bytes: new Uint8Array(buffer, byteOffset, byteLength) };
    },
  };
}

function digestOf(preparedBy: readonly [number, ...(string | PreprocessingConfig)[]]): string {
  return sha256Of(new TextEncoder().encode(JSON.stringify(preparedBy)));
}

function headerOf(video: VideoGeometry, more: Omit<Header, 'geometry'> | undefined = {}): Header {
  const { spacingMm, ...size } = geometryOf(video);
  return { geometry: { ...size, spacingMm: [...spacingMm] }, ...more };
}
