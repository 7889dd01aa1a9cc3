/**
 * The header of a DICOM file as dicom-parser reads it, with bounds that the parser lacks: number of elements, depth of
 * sequences, inflated size. Files without preamble are read, and files whose elements are not written as their transfer
 * syntax says.
 */
import dicomParser, { type ByteArrayParser, type DataSet, type Element } from 'dicom-parser';
import { DomainError } from '../../ground/errors.ts';
import { limits } from '../limits.ts';
import { tags } from './header-values.ts';
import { inflateUpTo } from './inflate.ts';
import { pixelLayoutOf, plainBytes } from './pixel-layout.ts';
import { damaged, shownCode, unsupported } from './problems.ts';
import { type ElementSyntax, elementSyntaxAt, startOfElements } from './start-of-data.ts';
import {
  EXPLICIT_BIG_ENDIAN,
  EXPLICIT_LITTLE_ENDIAN,
  IMPLICIT_LITTLE_ENDIAN,
  type TransferSyntax,
  transferSyntaxOf,
  transferSyntaxTitles,
} from './transfer-syntaxes.ts';

/** Elements of a header, those in sequences and fragments of pixels included. An echo recording has some hundreds. */
const MOST_ELEMENTS = 200_000;
/** Inflated bytes in which the header of a deflated file must end, and which may follow the pixels. */
const INFLATED_HEADER = 32 * 1024 ** 2;
/** Groups that may come after the file meta information. */
const DATA_GROUPS = [4, 8, 0x10, 0x18, 0x20, 0x28];

export interface DicomHeader {
  readonly dataSet: DataSet;
  readonly transferSyntax: TransferSyntax;
}

class TooManyElements extends Error {}

/** The parser's stream: each element costs one read of a 4-byte length or of two letters, so those are counted. */
class BoundedStream extends dicomParser.ByteStream {
  private reads = 0;

  private count(): void {
    if (++this.reads > 2 * MOST_ELEMENTS) throw new TooManyElements();
  }

  override readUint32 = (): number => {
    this.count();
    const value = this.byteArrayParser.readUint32(this.byteArray, this.position);
    this.position += 4;
    return value;
  };

  override readFixedString = (length: number): string => {
    this.count();
    const text = dicomParser.readFixedString(this.byteArray, this.position, length);
    this.position += length;
    // The parser does not know the 64-bit representations, whose lengths have 4 bytes as those of OB.
    return length === 2 && ['OV', 'SV', 'UV'].includes(text) ? 'OB' : text;
  };
}

type DataSetClass = new (
  parser: ByteArrayParser,
  bytes: Uint8Array,
  elements: DataSet['elements'],
) => DataSet;
const { DataSet: ParsedDataSet } = dicomParser as unknown as { DataSet: DataSetClass };

function readMeta(bytes: Uint8Array, start: number): { meta: DataSet; end: number } {
  const meta = new ParsedDataSet(dicomParser.littleEndianByteArrayParser, bytes, {});
  const stream = new BoundedStream(dicomParser.littleEndianByteArrayParser, bytes, start);
  while (elementSyntaxAt(bytes, stream.position, [2]) !== undefined) {
    const element = dicomParser.readDicomElementExplicit(stream, []);
    // The rest may be big endian; what is read from here never is.
    element.parser = dicomParser.littleEndianByteArrayParser;
    meta.elements[element.tag] = element;
  }
  return { meta, end: stream.position };
}

/** The elements up to the pixels; nothing that is needed lies after them. */
function readElements(
  bytes: Uint8Array,
  position: number,
  { isExplicit, isBigEndian }: ElementSyntax,
): DataSet {
  const parser = isBigEndian ? dicomParser.bigEndianByteArrayParser : dicomParser.littleEndianByteArrayParser;
  const dataSet = new ParsedDataSet(parser, bytes, {});
  if (position >= bytes.length) return dataSet;
  dataSet.warnings = [];
  const stream = new BoundedStream(parser, bytes, position);
  const read = isExplicit ? dicomParser.parseDicomDataSetExplicit : dicomParser.parseDicomDataSetImplicit;
  read(dataSet, stream, bytes.length, { untilTag: tags.pixelData });
  const pixels = dataSet.elements[tags.pixelData];
  if (pixels?.hadUndefinedLength) readFragments(stream, pixels);
  return dataSet;
}

/**
 * True when every value lies in the file; of implicit elements the parser does not look. Pixels that are cut short are
 * named later.
 */
function endsInFile({ elements, byteArray }: DataSet): boolean {
  return Object.values(elements).every(
    ({ tag, dataOffset, length, items = [] }) =>
      (tag === tags.pixelData || dataOffset + length <= byteArray.length) &&
      items.every(({ dataSet }) => dataSet === undefined || endsInFile(dataSet)),
  );
}

/** Lists the fragments of compressed pixels; where the file ends among them, those that it has. */
function readFragments(stream: BoundedStream, pixels: Element): void {
  try {
    dicomParser.findEndOfEncapsulatedElement(stream, pixels, []);
  } catch (failure) {
    if (failure instanceof TooManyElements) throw failure;
  }
}

/** Data elements of a deflated file; no more is inflated than its header says that the pixels need. */
function inflated(bytes: Uint8Array, position: number, name: string): Uint8Array {
  const deflated = bytes.subarray(position);
  const head = inflateUpTo(deflated, INFLATED_HEADER);
  if (!head.goesOn) return head.bytes;
  const header = readElements(head.bytes, 0, { isExplicit: true, isBigEndian: false });
  const pixels = header.elements[tags.pixelData];
  const needed = (pixels?.dataOffset ?? 0) + plainBytes(pixelLayoutOf(header, name)) + INFLATED_HEADER;
  const whole = needed > limits.fileBytes ? head : inflateUpTo(deflated, needed);
  if (!whole.goesOn) return whole.bytes;
  throw new DomainError(
    'LimitExceeded',
    `${name}: expected deflated data of the size that its header states, found more than ${whole.bytes.length} bytes. ` +
      'The file is damaged or made to fill the memory; export it again.',
  );
}

function statedSyntax(meta: DataSet): string {
  const element = meta.elements[tags.transferSyntaxUid];
  return element === undefined || element.length > 64
    ? ''
    : (meta.string(tags.transferSyntaxUid) ?? '').trim();
}

function parse(bytes: Uint8Array, start: number, name: string): DicomHeader {
  const { meta, end } = readMeta(bytes, start);
  const seen = elementSyntaxAt(bytes, end, DATA_GROUPS);
  const guessed = seen === undefined || seen.isExplicit ? EXPLICIT_LITTLE_ENDIAN : IMPLICIT_LITTLE_ENDIAN;
  const uid = statedSyntax(meta) || (seen?.isBigEndian ? EXPLICIT_BIG_ENDIAN : guessed);
  const transferSyntax = transferSyntaxOf(uid);
  if (transferSyntax === undefined) {
    throw unsupported(
      name,
      `expected pixels that are ${transferSyntaxTitles.join(', ')}, found transfer syntax ${shownCode(uid)}. ` +
        'Convert the file first, for example with gdcmconv --raw.',
    );
  }
  const stated = {
    isExplicit: transferSyntax.isExplicit ?? true,
    isBigEndian: transferSyntax.isBigEndian ?? false,
  };
  const dataSet = transferSyntax.isDeflated
    ? readElements(inflated(bytes, end, name), 0, stated)
    : readElements(bytes, end, seen ?? stated);
  // Those of the meta information know where they lie by their own parser, but not in other bytes.
  if (!transferSyntax.isDeflated) Object.assign(dataSet.elements, meta.elements);
  if (!endsInFile(dataSet)) throw new Error('a value goes beyond the end of the file');
  return { dataSet, transferSyntax };
}

/**
 * Header of a DICOM file.
 * @throws DatasetInvalid a header that cannot be read; FormatUnsupported a transfer syntax that is not decoded;
 * LimitExceeded
 */
export function readHeader(file: Uint8Array, name: string): DicomHeader {
  // A Buffer's slices share its memory, those of a plain array do not.
  const bytes = new Uint8Array(file.buffer, file.byteOffset, file.byteLength);
  const start = startOfElements(bytes);
  if (start === undefined) {
    throw damaged(
      name,
      'expected a DICOM file, found what looks like one without its preamble, its beginning missing or damaged.',
    );
  }
  try {
    return parse(bytes, start, name);
  } catch (failure) {
    if (failure instanceof DomainError) throw failure;
    if (failure instanceof TooManyElements) {
      throw new DomainError(
        'LimitExceeded',
        `${name}: expected a header of at most ${MOST_ELEMENTS} elements, found more. The file is damaged; export it again.`,
      );
    }
    if (failure instanceof RangeError) {
      throw new DomainError(
        'LimitExceeded',
        `${name}: expected sequences that lie a few deep in each other, found a header that goes deeper than it can be followed. Export it again.`,
      );
    }
    // The parser throws plain values or objects that hold the bytes read so far: none of it belongs in a message.
    throw damaged(name, 'expected a DICOM file, found a header that cannot be read.', failure);
  }
}
