/**
 * Ultrasound DICOM as a video. De-identified by construction: what leaves the reader is the type below and nothing else
 * of the header, and what is written on the picture outside the 2D view is blanked.
 */
import type { GivenGeometry } from '../given-geometry.ts';
import { scaleGreyLevels } from '../grey-scaling.ts';
import { checkFileSize } from '../limits.ts';
import { blankOutside } from '../sector.ts';
import type { RecordedVideo } from '../video-facts.ts';
import { checkContent } from './content.ts';
import { decodePixels } from './decode-pixels.ts';
import type { DicomFilmReader } from './film.ts';
import { frameTime, pixelSpacing } from './geometry.ts';
import type { GreyValues } from './grey-values.ts';
import { type DicomHeader, readHeader } from './header.ts';
import { numberOf, tags, textOf } from './header-values.ts';
import { groupsOf } from './identity.ts';
import { type PixelLayout, pixelLayoutOf } from './pixel-layout.ts';
import { placeRegion } from './region-in-picture.ts';
import { type UltrasoundRegions, ultrasoundRegions } from './ultrasound-regions.ts';
import { viewMask } from './view-mask.ts';

export interface DicomOptions extends GivenGeometry {
  /** Key of the hashes by which recordings of one patient are found, at least 16 bytes; without it none are made. */
  readonly identityKey?: Uint8Array;
  /** Decoder of MPEG-2, H.264 and HEVC; without it such files are refused. */
  readonly filmReader?: DicomFilmReader;
}

export interface DicomVideo extends RecordedVideo {
  /** What was concluded about the recording and is worth a look, in plain words, without anything of the patient. */
  readonly notes: readonly string[];
}

function windowOf({ dataSet }: DicomHeader): { low: number; high: number } | undefined {
  const centre = numberOf(dataSet, tags.windowCenter);
  const width = numberOf(dataSet, tags.windowWidth);
  if (centre === undefined || width === undefined || !(width > 1)) return undefined;
  // PS3.3 section C.11.2.1.2.
  return { low: centre - 0.5 - (width - 1) / 2, high: centre - 0.5 + (width - 1) / 2 };
}

function greyLevels(
  decoded: { values: GreyValues; areBytes: boolean },
  header: DicomHeader,
  layout: PixelLayout,
  name: string,
) {
  const scaled = scaleGreyLevels(
    decoded.values,
    {
      // Palettes give bytes, however many colours they have.
      sourceBits: decoded.areBytes ? Math.min(8, layout.bitsStored) : layout.bitsStored,
      isByteScale: decoded.areBytes,
      window: decoded.areBytes ? undefined : windowOf(header),
    },
    { name, pixelsPerFrame: layout.rows * layout.columns },
  );
  if (layout.photometric === 'MONOCHROME1') {
    const { intensities } = scaled;
    for (let i = 0; i < intensities.length; i++) intensities[i] = 1 - intensities[i]!;
  }
  return scaled;
}

function notesOf(
  header: DicomHeader,
  layout: PixelLayout,
  screenFactor: number | undefined,
  { tissue, tissueCount }: UltrasoundRegions,
): string[] {
  const notes: string[] = [];
  if (tissue !== undefined && screenFactor === undefined) {
    notes.push('the ultrasound region ends outside the picture; its pixel size is not used');
  }
  if (screenFactor !== undefined && screenFactor > 1) {
    notes.push(
      `the picture was stored ${screenFactor} times smaller than the screen that its ultrasound region is stated on; its pixel size is ${screenFactor} times as large`,
    );
  }
  if (tissueCount > 1) notes.push(`the picture has ${tissueCount} 2D views; the largest is kept`);
  if (layout.frames === 1) notes.push('a still picture');
  if (textOf(header.dataSet, tags.modality) === 'IVUS') notes.push('ultrasound from inside a vessel');
  return notes;
}

/**
 * Reads an ultrasound recording. Colour becomes luma, numbers of more than 8 bits are scaled by what is there
 * (grey-scaling.ts). Pixels outside the 2D view are 0 (view-mask.ts).
 * @param name what messages call the file
 * @throws FormatUnsupported what is no recording, or is encoded as nothing here decodes; DatasetInvalid damaged files,
 * missing geometry, and what can be forced (`details.reason`); LimitExceeded
 */
export async function readDicom(
  bytes: Uint8Array,
  name: string,
  options: DicomOptions = {},
): Promise<DicomVideo> {
  checkFileSize(bytes.length, name);
  const header = readHeader(bytes, name);
  const { dataSet } = header;
  const forced = options.force ?? [];
  checkContent(dataSet, numberOf(dataSet, tags.numberOfFrames) ?? 1, forced, name);
  const layout = pixelLayoutOf(dataSet, name);
  const { frames, rows, columns } = layout;
  const request = { given: options, name, notes: [] as string[] };
  const frameTimeMs = frameTime(dataSet, frames, request);
  const regions = ultrasoundRegions(dataSet);
  const placed = regions.tissue && placeRegion(regions.tissue, layout);
  // What needs no pixels is refused before they are decoded.
  if (placed?.kind !== 'outside')
    pixelSpacing(dataSet, regions.tissue, placed && 1, { ...request, notes: [] });
  const decoded = await decodePixels(header, layout, name, options.filmReader);
  const { intensities, facts } = greyLevels(decoded, header, layout, name);
  const seen = { frames, rows, columns, spacingMm: [1, 1] as const, frameTimeMs, intensities };
  const isFreeOfText = textOf(dataSet, tags.burnedInAnnotation) === 'NO';
  const { keep, screenFactor } = viewMask(seen, { regions, placed, isFreeOfText, forced, name });
  const spacingMm = pixelSpacing(dataSet, regions.tissue, screenFactor, request);
  const video = { ...seen, spacingMm };
  return {
    ...(keep === undefined ? video : blankOutside(video, keep)),
    facts,
    ...(options.identityKey && { groups: groupsOf(dataSet, options.identityKey) }),
    notes: [...request.notes, ...notesOf(header, layout, screenFactor, regions)],
  };
}
