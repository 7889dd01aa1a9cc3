/**
 * What a DICOM file is, by its SOP class and modality: a recording of the heart by ultrasound, pictures of another
 * kind, or no pictures at all. Reports, waveforms and indices are nothing that is wrong with a folder; they are named
 * for what they are.
 */
import type { DataSet } from 'dicom-parser';
import { type RefusalReason, refuseUnlessForced } from '../refusal.ts';
import { tags, textOf } from './header-values.ts';
import { notRecording, shownCode, unsupported } from './problems.ts';

type Kind = 'ultrasound' | 'volume' | 'capture' | 'image' | 'other';

const STORAGE = '1.2.840.10008.5.1.4.1.1';

/** SOP classes by the start of their UID below STORAGE, a longer start first (PS3.4 annex B). */
const classes: readonly (readonly [start: string, kind: Kind, title: string])[] = [
  ['3.1', 'ultrasound', 'an ultrasound recording'],
  ['3', 'ultrasound', 'an ultrasound recording'],
  ['6.1', 'ultrasound', 'an ultrasound picture'],
  ['6.2', 'volume', 'an ultrasound volume'],
  ['6', 'ultrasound', 'an ultrasound picture'],
  ['7', 'capture', 'a secondary capture'],
  ['2', 'image', 'a CT image'],
  ['4', 'image', 'an MR image'],
  ['5', 'image', 'a nuclear medicine image'],
  ['20', 'image', 'a nuclear medicine image'],
  ['128', 'image', 'a PET image'],
  ['130', 'image', 'a PET image'],
  ['1', 'image', 'an X-ray image'],
  ['12', 'image', 'an X-ray angiography or fluoroscopy'],
  ['13', 'image', 'a 3D X-ray image'],
  ['14', 'image', 'an intravascular tomography'],
  ['77.1.6', 'image', 'a microscopy slide'],
  ['77.1.5', 'image', 'an image of the eye'],
  ['77', 'image', 'a photograph, endoscopy or microscopy'],
  ['481.2', 'image', 'a radiotherapy dose'],
  ['481.1', 'image', 'a radiotherapy image'],
  ['481', 'other', 'a radiotherapy plan or set of structures'],
  ['66.4', 'other', 'a segmentation'],
  ['66.7', 'other', 'a segmentation'],
  ['66', 'other', 'raw data, a registration or a surface'],
  ['30', 'other', 'a parametric map'],
  ['8', 'other', 'an overlay'],
  ['9', 'other', 'a waveform such as an ECG'],
  ['10', 'other', 'a lookup table'],
  ['11', 'other', 'a presentation state (how other images are shown)'],
  ['88', 'other', 'a report or another structured document'],
  ['104.1', 'other', 'a PDF document'],
  ['104', 'other', 'an encapsulated document'],
];
const DIRECTORY = '1.2.840.10008.1.3.10';

interface Content {
  readonly kind: Kind | 'unknown';
  readonly title: string;
}

function contentOf(header: DataSet): Content {
  const uid = textOf(header, tags.sopClassUid) || textOf(header, tags.mediaStorageSopClassUid);
  if (uid === DIRECTORY || header.elements[tags.directoryRecordSequence] !== undefined) {
    return { kind: 'other', title: 'a DICOMDIR, the index of a folder or disc' };
  }
  const found = classes.find(([start]) => `${uid}.`.startsWith(`${STORAGE}.${start}.`));
  if (found !== undefined) return { kind: found[1], title: found[2] };
  const modality = textOf(header, tags.modality);
  const title =
    modality === '' ? 'a file that names no modality' : `a file of modality ${shownCode(modality)}`;
  return { kind: 'unknown', title };
}

function isUltrasoundModality(header: DataSet): boolean {
  return ['US', 'IVUS'].includes(textOf(header, tags.modality));
}

function hasUltrasoundRegion(header: DataSet): boolean {
  return (header.elements[tags.ultrasoundRegions]?.items?.length ?? 0) > 0;
}

/**
 * Lets ultrasound recordings and pictures pass; captured screens pass when their modality is ultrasound and they have
 * several frames.
 * @param frames number of frames that the header states
 * @throws FormatUnsupported for what has no pictures; DatasetInvalid, with a reason that can be forced, for pictures of
 * another kind
 */
export function checkContent(
  header: DataSet,
  frames: number,
  forced: readonly RefusalReason[],
  name: string,
): void {
  const { kind, title } = contentOf(header);
  if (kind === 'other') {
    throw notRecording(name, title);
  }
  if (header.elements[tags.pixelData] === undefined) {
    throw unsupported(name, `expected a recording, found ${title} without pixels. Leave it out.`);
  }
  if (kind === 'ultrasound') return;
  if (kind === 'volume') {
    refuseUnlessForced(
      'volume',
      forced,
      name,
      `expected a picture that moves in time, found ${title}. Export its 2D view.`,
    );
    return;
  }
  const isUltrasound = isUltrasoundModality(header) || (kind === 'unknown' && hasUltrasoundRegion(header));
  if (kind === 'capture' && isUltrasound) {
    if (frames > 1) return;
    const detail = `expected a recording, found ${title} of one frame. Export the recording instead of its screen.`;
    refuseUnlessForced('single-capture', forced, name, detail);
    return;
  }
  if (isUltrasound && kind === 'unknown') return;
  refuseUnlessForced('not-ultrasound', forced, name, `expected ultrasound, found ${title}. Leave it out.`);
}
