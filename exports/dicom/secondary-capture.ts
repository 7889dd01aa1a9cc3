/**
 * A segmentation as a colour loop with the overlay burned in: a multi-frame true colour secondary capture (PS3.3
 * A.8.5), for viewers that know no segmentations.
 */
import { counted } from '../../ground/counted.ts';
import { DomainError } from '../../ground/errors.ts';
import { overlayRgb, overlaySize, paintOverlayFrame } from '../../report/overlay-frame.ts';
import { coded } from './coded-concepts.ts';
import { type Dataset, decimal, encodeDicom, MOST_PIXEL_BYTES } from './dataset.ts';
import { derivedObject, type ExportedResult, lossOf, referencedInstance } from './derived-object.ts';

const kind = {
  sopClass: '1.2.840.10008.5.1.4.1.1.7.4',
  modality: 'US',
  seriesNumber: 902,
  description: 'Echoloop: overlay (red border: frame to look at)',
} as const;

/** Longer side of the pictures: that of the recording, within these bounds. */
const sides = { least: 480, most: 720 } as const;

/** Rate that a viewer plays frames at which state no time, frames a second. */
const usualRate = 25;

/**
 * The bytes of the file, uncompressed.
 * @param flagged frames from 0 that get a red border.
 * @throws DomainError LimitExceeded when it would be larger than DICOM allows.
 */
export function encodeSecondaryCapture(result: ExportedResult, flagged: readonly number[]): Uint8Array {
  const { image, labels, source } = result;
  const { frames, frameTimeMs } = image;
  const side = Math.min(sides.most, Math.max(sides.least, image.rows, image.columns));
  const { width, height } = overlaySize(image, side);
  const [rowMm, columnMm] = image.spacingMm;
  const reference = referencedInstance(result);
  const time = frameTimeMs > 0 ? frameTimeMs : 1000 / usualRate;
  const paint = (frame: number) =>
    overlayRgb(paintOverlayFrame(image, labels, frame, side, flagged.includes(frame)));
  return encodeDicom(
    {
      ...derivedObject(result, kind),
      ImageType: ['DERIVED', 'SECONDARY'],
      PatientOrientation: '',
      BodyPartExamined: 'HEART',
      ConversionType: 'WSD',
      // What was written inside of the ultrasound's own picture is still there.
      BurnedInAnnotation: source?.isFreeOfText ? 'NO' : 'YES',
      DerivationDescription: 'Left ventricle (blue) and myocardium (orange) by a neural network, burned in',
      ...(reference && { SourceImageSequence: [sourceItem(reference)] }),
      ...lossOf(result),
      PixelSpacing: [decimal((rowMm * image.rows) / height), decimal((columnMm * image.columns) / width)],
      PixelSpacingCalibrationType: 'GEOMETRY',
      PixelSpacingCalibrationDescription: 'Pixel size of the recording',
      FrameIncrementPointer: 0x00181063,
      FrameTime: decimal(time),
      RecommendedDisplayFrameRate: String(Math.max(1, Math.round(1000 / time))),
      NumberOfFrames: String(frames),
      SamplesPerPixel: 3,
      PhotometricInterpretation: 'RGB',
      PlanarConfiguration: 0,
      Rows: height,
      Columns: width,
      BitsAllocated: 8,
      BitsStored: 8,
      HighBit: 7,
      PixelRepresentation: 0,
    },
    pictures(frames, 3 * width * height, paint),
  );
}

function sourceItem(reference: Dataset): Dataset {
  return { ...reference, PurposeOfReferenceCodeSequence: [coded('sourceOfProcessing')] };
}

/** One after the other, padded to an even number of bytes. */
function pictures(frames: number, bytes: number, paint: (frame: number) => Uint8Array): Uint8Array {
  const all = 2 * Math.ceil((frames * bytes) / 2);
  if (all > MOST_PIXEL_BYTES) {
    throw new DomainError(
      'LimitExceeded',
      `expected a secondary capture of at most ${MOST_PIXEL_BYTES} bytes, found ${all} (${counted(frames, 'frame')}). Write mp4 or dicom-seg instead.`,
    );
  }
  const pixels = new Uint8Array(all);
  for (let frame = 0; frame < frames; frame++) pixels.set(paint(frame), frame * bytes);
  return pixels;
}
