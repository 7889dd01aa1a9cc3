/** A recording of a drawn heart as DICOM, with its segmentation, and files read back by our own reader of headers. */
import type { DataSet } from 'dicom-parser';
import { readHeader } from '../../datasets/dicom/header.ts';
import { type DicomElement, dicomFixture } from '../../datasets/dicom.fixture.ts';
import { geometryOf } from '../../imaging/image.ts';
import { sampleVideo } from '../../report/sample-video.ts';
import type { ExportedResult } from './derived-object.ts';
import { readSourceRecording } from './source-recording.ts';

export const identifiers = { study: '1.2.3.1', series: '1.2.3.2', instance: '1.2.3.3' } as const;
export const ultrasoundMultiFrame = '1.2.840.10008.5.1.4.1.1.3.1';

const frames = 5;
const side = 33;

const identity: readonly DicomElement[] = [
  { tag: [8, 0x18], vr: 'UI', value: identifiers.instance },
  { tag: [8, 0x20], vr: 'DA', value: '20240131' },
  { tag: [8, 0x50], vr: 'SH', value: 'A-77' },
  { tag: [0x10, 0x20], vr: 'LO', value: 'P-42' },
  { tag: [0x20, 0x0d], vr: 'UI', value: identifiers.study },
  { tag: [0x20, 0x0e], vr: 'UI', value: identifiers.series },
];

/** The recording as a file; elements of `more` come in place of those of the same tag. */
export function recordingFile(more: readonly DicomElement[] = []): Uint8Array {
  const { image } = sampleVideo(frames, side);
  const replaced = new Set(more.map(({ tag }) => String(tag)));
  return dicomFixture({
    ...{ rows: side, columns: side, frames, frameTime: '40' },
    regions: [{ box: [0, 0, side - 1, side - 1], centimetres: [0.05, 0.05] }],
    pixels: Uint8Array.from(image.intensities, (level) => Math.round(255 * level)),
    extra: [...identity.filter(({ tag }) => !replaced.has(String(tag))), ...more],
  });
}

/** A chamber that stands on its base, as in an apical view, and empties: half an ellipse in a wall of its own. */
function chamberLabel(frame: number, row: number, column: number): number {
  const up = 0.7 * side - row;
  const across = column - side / 2;
  const inside = (wall: number) =>
    (across / (6 - 0.4 * frame + wall)) ** 2 + (up / (19 - 0.8 * frame + wall)) ** 2 <= 1;
  if (up < 0) return 0;
  return inside(0) ? 1 : inside(3) ? 2 : 0;
}

/** Its segmentation; without a file the recording is no DICOM file. */
export function exportedResult(file?: Uint8Array): ExportedResult {
  const { image } = sampleVideo(frames, side);
  const spacingMm = [0.5, 0.5] as const;
  const labels = Uint8Array.from(image.intensities, (_, p) =>
    chamberLabel(Math.floor(p / side ** 2), Math.floor(p / side) % side, p % side),
  );
  return {
    image: { ...image, spacingMm },
    labels: { ...geometryOf(image), spacingMm, labels },
    source: file && readSourceRecording(file, 'recording.dcm'),
    made: new Date('2026-02-03T04:05:06.700Z'),
    version: '1.2.3',
  };
}

/** An object as our own reader of headers sees it, which knows nothing of who wrote it. */
export class ReadBack {
  readonly #dataSet: DataSet;

  constructor(object: Uint8Array | DataSet) {
    this.#dataSet = object instanceof Uint8Array ? readHeader(object, 'object.dcm').dataSet : object;
  }

  /** Undefined where the attribute is absent. `tag` is eight hexadecimal digits. */
  text(tag: string): string | undefined {
    const element = this.#dataSet.elements[`x${tag}`];
    return element && Buffer.from(this.bytes(tag)).toString('utf8').replaceAll('\0', '').trim();
  }

  bytes(tag: string): Uint8Array {
    const { dataOffset, length } = this.#dataSet.elements[`x${tag}`]!;
    return this.#dataSet.byteArray.subarray(dataOffset, dataOffset + length);
  }

  number(tag: string): number {
    return this.#dataSet.uint16(`x${tag}`)!;
  }

  items(tag: string): ReadBack[] {
    return (this.#dataSet.elements[`x${tag}`]?.items ?? []).map(({ dataSet }) => new ReadBack(dataSet!));
  }

  has(tag: string): boolean {
    return this.#dataSet.elements[`x${tag}`] !== undefined;
  }
}

/** Value and scheme of the one code in a sequence. */
export function codeIn(item: ReadBack, tag: string): string {
  const [code] = item.items(tag);
  return `${code!.text('00080100')} ${code!.text('00080102')}`;
}
