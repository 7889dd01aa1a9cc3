/**
 * A segmentation as a DICOM SEG object (PS3.3 A.51): binary, one segment for the left ventricle and one for its
 * myocardium, each with a frame for every frame of the recording, which it refers to.
 */
import dcmjs from 'dcmjs';
import { counted } from '../../ground/counted.ts';
import { DomainError } from '../../ground/errors.ts';
import { LEFT_VENTRICLE, MYOCARDIUM } from '../../ground/labels.ts';
import type { LabelVideo } from '../../imaging/image.ts';
import { labelColours } from '../../report/overlay-frame.ts';
import { type ConceptName, coded } from './coded-concepts.ts';
import { type Dataset, decimal, encodeDicom, MOST_PIXEL_BYTES, uidOf } from './dataset.ts';
import {
  derivedObject,
  type ExportedResult,
  frameOfReference,
  lossOf,
  referencedInstance,
} from './derived-object.ts';

interface Segment {
  readonly label: number;
  readonly name: string;
  readonly concept: ConceptName;
}

/** Numbered from 1 in this order. */
const segments: readonly Segment[] = [
  { label: LEFT_VENTRICLE, name: 'Left ventricle', concept: 'leftVentricle' },
  { label: MYOCARDIUM, name: 'Left ventricular myocardium', concept: 'leftVentricularMyocardium' },
];

const kind = {
  sopClass: '1.2.840.10008.5.1.4.1.1.66.4',
  modality: 'SEG',
  seriesNumber: 901,
  description: 'Echoloop: left ventricle and myocardium',
} as const;

/** Attribute and functional group that a frame's place along a dimension is read from. */
const dimensions = [
  { pointer: [0x0062, 0x000b], group: [0x0062, 0x000a], label: 'Segment Number' },
  { pointer: [0x0020, 0x9128], group: [0x0020, 0x9111], label: 'Temporal Position Index' },
] as const;

/**
 * The bytes of the file. Where the recording is no DICOM file, frames lie in a frame of reference of their own and
 * refer to nothing.
 * @throws DomainError LimitExceeded when it would be larger than DICOM allows.
 */
export function encodeSegmentation(result: ExportedResult): Uint8Array {
  const { labels, source } = result;
  const object = derivedObject(result, kind);
  const dimensionOrganisation = uidOf('dimensions', object.SOPInstanceUID);
  return encodeDicom(
    {
      ...object,
      ...(source?.instance ? commonInstanceReference(result) : frameOfReference(result)),
      ImageType: ['DERIVED', 'PRIMARY'],
      PatientOrientation: '',
      ContentLabel: 'SEGMENTATION',
      ContentDescription: 'Left ventricle and its myocardium, by a neural network',
      ContentCreatorName: 'Echoloop^',
      SegmentationType: 'BINARY',
      SegmentsOverlap: 'NO',
      SegmentSequence: segments.map((segment, i) => segmentItem(segment, i + 1, result.version)),
      DimensionOrganizationSequence: [{ DimensionOrganizationUID: dimensionOrganisation }],
      DimensionIndexSequence: dimensions.map(({ pointer, group, label }) => ({
        DimensionOrganizationUID: dimensionOrganisation,
        DimensionIndexPointer: attributeTag(pointer),
        FunctionalGroupPointer: attributeTag(group),
        DimensionDescriptionLabel: label,
      })),
      SharedFunctionalGroupsSequence: [sharedGroups(result)],
      PerFrameFunctionalGroupsSequence: segments.flatMap((_, i) =>
        Array.from({ length: labels.frames }, (__, frame) => frameGroups(result, i + 1, frame)),
      ),
      ...lossOf(result),
      SamplesPerPixel: 1,
      PhotometricInterpretation: 'MONOCHROME2',
      Rows: labels.rows,
      Columns: labels.columns,
      NumberOfFrames: String(segments.length * labels.frames),
      BitsAllocated: 1,
      BitsStored: 1,
      HighBit: 0,
      PixelRepresentation: 0,
    },
    packedMasks(labels),
  );
}

function attributeTag([group, element]: readonly [number, number]): number {
  return group * 2 ** 16 + element;
}

function segmentItem({ name, concept, label }: Segment, number: number, version: string): Dataset {
  const [red, green, blue] = labelColours[label]!;
  return {
    SegmentNumber: number,
    SegmentLabel: name,
    SegmentAlgorithmType: 'AUTOMATIC',
    SegmentAlgorithmName: 'Echoloop',
    SegmentationAlgorithmIdentificationSequence: [
      {
        AlgorithmFamilyCodeSequence: [coded('artificialIntelligence')],
        AlgorithmName: 'Echoloop',
        AlgorithmVersion: version,
      },
    ],
    SegmentedPropertyCategoryCodeSequence: [coded('anatomicalStructure')],
    SegmentedPropertyTypeCodeSequence: [coded(concept)],
    RecommendedDisplayCIELabValue: dcmjs.data.Colors.rgb2DICOMLAB([red / 255, green / 255, blue / 255]).map(
      Math.round,
    ),
  };
}

function commonInstanceReference(result: ExportedResult): Dataset {
  return {
    ReferencedSeriesSequence: [
      {
        SeriesInstanceUID: result.source!.instance!.seriesInstanceUid,
        ReferencedInstanceSequence: [referencedInstance(result)!],
      },
    ],
  };
}

function sharedGroups({ labels, source }: ExportedResult): Dataset {
  const [row, column] = labels.spacingMm;
  return {
    PixelMeasuresSequence: [
      {
        PixelSpacing: [decimal(row), decimal(column)],
        // Of a plane it says nothing, but readers ask for it.
        SliceThickness: decimal(Math.min(row, column)),
      },
    ],
    ...(source?.instance === undefined && {
      PlaneOrientationSequence: [{ ImageOrientationPatient: ['1', '0', '0', '0', '1', '0'] }],
    }),
  };
}

/** `frame` is from 0, as everywhere but in DICOM. */
function frameGroups(result: ExportedResult, segment: number, frame: number): Dataset {
  const reference = referencedInstance(result);
  return {
    FrameContentSequence: [{ TemporalPositionIndex: frame + 1, DimensionIndexValues: [segment, frame + 1] }],
    SegmentIdentificationSequence: [{ ReferencedSegmentNumber: segment }],
    ...(reference
      ? {
          DerivationImageSequence: [
            {
              DerivationCodeSequence: [coded('segmentation')],
              SourceImageSequence: [
                {
                  ...reference,
                  ReferencedFrameNumber: String(frame + 1),
                  SpatialLocationsPreserved: 'YES',
                  PurposeOfReferenceCodeSequence: [coded('sourceOfProcessing')],
                },
              ],
            },
          ],
        }
      : { PlanePositionSequence: [{ ImagePositionPatient: ['0', '0', '0'] }] }),
  };
}

/** One bit a pixel, the first in the lowest bit, without a gap between frames; padded to an even number of bytes. */
function packedMasks({ labels, frames, rows, columns }: LabelVideo): Uint8Array {
  const bits = segments.length * labels.length;
  const bytes = 2 * Math.ceil(bits / 16);
  if (bytes > MOST_PIXEL_BYTES) {
    throw new DomainError(
      'LimitExceeded',
      `expected a segmentation of at most ${MOST_PIXEL_BYTES} bytes as DICOM SEG, found ${bytes} (${counted(frames, 'frame')} of ${rows} x ${columns}).`,
    );
  }
  const packed = new Uint8Array(bytes);
  segments.forEach(({ label }, i) => {
    for (let p = 0; p < labels.length; p++) {
      if (labels[p] !== label) continue;
      const bit = i * labels.length + p;
      packed[bit >> 3]! |= 1 << (bit & 7);
    }
  });
  return packed;
}
