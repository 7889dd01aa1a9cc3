/**
 * What all DICOM objects that are made of a segmentation have in common: patient and study of the recording, a series
 * of their own, this software as the equipment. A recording without a header belongs to nobody, in a study of its own.
 */
import type { GreyVideo, LabelVideo } from '../../imaging/image.ts';
import { type Dataset, type DicomObject, uidOf } from './dataset.ts';
import type { SourceRecording } from './source-recording.ts';

/** What a segmentation's objects are made from. */
export interface ExportedResult {
  readonly image: GreyVideo;
  readonly labels: LabelVideo;
  /** Where the recording is a DICOM file. */
  readonly source?: SourceRecording | undefined;
  /** When the segmentation was made. */
  readonly made: Date;
  /** Of this software. */
  readonly version: string;
}

export interface ObjectKind {
  readonly sopClass: string;
  readonly modality: string;
  readonly seriesNumber: number;
  readonly description: string;
}

const bytesOf = (array: Float32Array | Uint8Array) =>
  new Uint8Array(array.buffer, array.byteOffset, array.byteLength);

/** Date and time as DICOM writes them, in the offset from UTC that a header states ("+0100"), or else local. */
export function dateAndTime(moment: Date, offset?: string): { date: string; time: string } {
  const [, sign, hours, minutes] = /^([+-])(\d{2})(\d{2})$/.exec(offset ?? '') ?? [];
  const minutesEast =
    sign === undefined
      ? -moment.getTimezoneOffset()
      : (sign === '-' ? -1 : 1) * (60 * Number(hours) + Number(minutes));
  const digits = new Date(moment.getTime() + 60_000 * minutesEast).toISOString().replaceAll(/[-:TZ]/g, '');
  return { date: digits.slice(0, 8), time: digits.slice(8) };
}

function identifiersOf({ image, labels, source, made, version }: ExportedResult, { sopClass }: ObjectKind) {
  const pixels = bytesOf(image.intensities);
  const recording = source?.instance?.sopInstanceUid ?? pixels;
  const moment = made.toISOString();
  const uid = (what: string) => uidOf(what, sopClass, recording, bytesOf(labels.labels), moment, version);
  return { study: uidOf('study', pixels), series: uid('series'), instance: uid('instance') };
}

/**
 * Attributes of patient, study, series, equipment and of the object itself. The same result made at the same moment has
 * the same identifiers; made again it has others.
 */
export function derivedObject(result: ExportedResult, kind: ObjectKind): DicomObject {
  const { source, made, version } = result;
  const carried = source?.carried ?? {};
  const identifiers = identifiersOf(result, kind);
  const { date, time } = dateAndTime(made, carried.TimezoneOffsetFromUTC);
  return {
    ...requiredOfPatientAndStudy,
    ...carried,
    ...deidentificationOf(carried),
    StudyInstanceUID: isUid(carried.StudyInstanceUID) ? carried.StudyInstanceUID : identifiers.study,
    SeriesInstanceUID: identifiers.series,
    SeriesNumber: String(kind.seriesNumber),
    SeriesDescription: kind.description,
    SeriesDate: date,
    SeriesTime: time,
    Modality: kind.modality,
    Manufacturer: 'Echoloop',
    ManufacturerModelName: 'Echoloop',
    DeviceSerialNumber: '1',
    SoftwareVersions: version,
    SOPClassUID: kind.sopClass,
    SOPInstanceUID: identifiers.instance,
    InstanceNumber: '1',
    InstanceCreationDate: date,
    InstanceCreationTime: time,
    ContentDate: date,
    ContentTime: time,
  };
}

/** The standard wants these to be there, though they may be empty. */
const requiredOfPatientAndStudy: Dataset = {
  PatientName: '',
  PatientID: '',
  PatientBirthDate: '',
  PatientSex: '',
  StudyDate: '',
  StudyTime: '',
  StudyID: '',
  AccessionNumber: '',
  ReferringPhysicianName: '',
};

/** A header that says YES has to say how; some say it in codes alone. */
function deidentificationOf({ PatientIdentityRemoved, DeidentificationMethod }: SourceRecording['carried']) {
  return PatientIdentityRemoved === 'YES' && DeidentificationMethod === undefined
    ? { DeidentificationMethod: 'as of the recording' }
    : {};
}

function isUid(text: string | undefined): text is string {
  return text !== undefined && /^[0-9.]{1,64}$/.test(text);
}

/** A frame of reference that the video alone has, for objects that can refer to nothing else. */
export function frameOfReference({ image }: ExportedResult): Dataset {
  return {
    FrameOfReferenceUID: uidOf('frame of reference', bytesOf(image.intensities)),
    PositionReferenceIndicator: '',
  };
}

/** The recording as an item of a sequence that refers to it; undefined where it does not identify itself. */
export function referencedInstance({ source }: ExportedResult): Dataset | undefined {
  if (source?.instance === undefined) return undefined;
  const { sopClassUid, sopInstanceUid } = source.instance;
  return { ReferencedSOPClassUID: sopClassUid, ReferencedSOPInstanceUID: sopInstanceUid };
}

/** What was compressed with loss once stays so, whatever is made of it. */
export function lossOf({ source }: ExportedResult): Dataset {
  if (source?.lossy === undefined) return { LossyImageCompression: '00' };
  const { ratios, methods } = source.lossy;
  return {
    LossyImageCompression: '01',
    ...(ratios.length > 0 && { LossyImageCompressionRatio: ratios }),
    ...(methods.length > 0 && { LossyImageCompressionMethod: methods }),
  };
}
