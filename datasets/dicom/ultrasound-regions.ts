/**
 * Ultrasound regions of a header (PS3.3 section C.8.5.5): which rectangle of the picture is the 2D view of tissue, how
 * large its pixels are, and which rectangles show something else. Rectangle and pixel size are read apart: text outside
 * the rectangle must go whether or not it is calibrated.
 */
import type { DataSet } from 'dicom-parser';
import { doubleOf, tags, uint16Of, uint32Of } from './header-values.ts';

/** A rectangle in stored pixels, ends included. */
export interface PixelBox {
  readonly top: number;
  readonly bottom: number;
  readonly left: number;
  readonly right: number;
}

/**
 * The 2D view as the header has it: in pixels of the scanner's screen, which may not be those of the stored picture.
 */
export interface TissueRegion {
  readonly box: PixelBox;
  /** Millimetres per pixel of the screen as [row, column]; undefined where the region has no physical units. */
  readonly spacingMm: readonly [number, number] | undefined;
}

export interface UltrasoundRegions {
  readonly tissue: TissueRegion | undefined;
  /** Where there are several 2D views side by side, as two planes at once: their number. */
  readonly tissueCount: number;
  /** Rectangles of M-mode, Doppler spectra, ECG and graphics, in pixels of the screen. */
  readonly others: readonly PixelBox[];
}

const UNITS_CENTIMETRES = 3;
const FORMAT_2D = 1;
/** M-mode, spectra, waveforms, graphics. */
const OTHER_FORMATS = [2, 3, 4, 5];
const TYPE_TISSUE = 1;
const TYPE_COLOUR_FLOW = 2;
/** More regions than any screen has. */
const MOST_REGIONS = 64;

interface Region extends TissueRegion {
  readonly format: number;
  readonly type: number;
}

function regionOf(item: DataSet): Region | undefined {
  const left = uint32Of(item, 'x00186018');
  const top = uint32Of(item, 'x0018601a');
  const right = uint32Of(item, 'x0018601c');
  const bottom = uint32Of(item, 'x0018601e');
  if (left === undefined || top === undefined || right === undefined || bottom === undefined)
    return undefined;
  if (right <= left || bottom <= top) return undefined;
  const inCentimetres =
    uint16Of(item, 'x00186024') === UNITS_CENTIMETRES && uint16Of(item, 'x00186026') === UNITS_CENTIMETRES;
  // A direction may be stated by the sign.
  const perColumn = Math.abs(doubleOf(item, 'x0018602c') ?? 0) * 10;
  const perRow = Math.abs(doubleOf(item, 'x0018602e') ?? 0) * 10;
  const isCalibrated = inCentimetres && perRow > 0 && perColumn > 0 && Number.isFinite(perRow + perColumn);
  return {
    format: uint16Of(item, 'x00186012') ?? FORMAT_2D,
    type: uint16Of(item, 'x00186014') ?? TYPE_TISSUE,
    box: { top, bottom, left, right },
    spacingMm: isCalibrated ? [perRow, perColumn] : undefined,
  };
}

function areaOf({ top, bottom, left, right }: PixelBox): number {
  return (bottom - top + 1) * (right - left + 1);
}

/** Calibrated before not, tissue before colour flow, large before small. */
function precedes(a: Region, b: Region): number {
  const calibrated = Number(b.spacingMm !== undefined) - Number(a.spacingMm !== undefined);
  const tissue = Number(b.type === TYPE_TISSUE) - Number(a.type === TYPE_TISSUE);
  return calibrated || tissue || areaOf(b.box) - areaOf(a.box);
}

export function ultrasoundRegions(header: DataSet): UltrasoundRegions {
  const items = (header.elements[tags.ultrasoundRegions]?.items ?? []).slice(0, MOST_REGIONS);
  const regions = items.flatMap(({ dataSet }) => (dataSet && regionOf(dataSet)) ?? []);
  const planes = regions
    .filter(({ format, type }) => format === FORMAT_2D && [TYPE_TISSUE, TYPE_COLOUR_FLOW].includes(type))
    .sort(precedes);
  return {
    tissue: planes[0],
    tissueCount: planes.filter(({ type }) => type === TYPE_TISSUE).length,
    others: regions.filter(({ format }) => OTHER_FORMATS.includes(format)).map(({ box }) => box),
  };
}
