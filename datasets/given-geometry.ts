/**
 * Pixel size and frame time from a person or an info file fill in what a header lacks or cannot mean. Where both speak
 * and differ, the file is refused whatever its format, because one of them would falsify every distance or every rate;
 * forced by its reason, the given value counts.
 */
import { DomainError } from '../ground/errors.ts';
import { checkSpacing, isPlausibleFrameTime, limits } from './limits.ts';
import { type RefusalReason, refuseUnlessForced } from './refusal.ts';

export interface GivenGeometry {
  /** Millimetres per stored pixel as [row, column]. */
  readonly spacingMm?: readonly [number, number];
  readonly frameTimeMs?: number;
  /** Of the video that a mask belongs to: counts where the header has none or 0, and nowhere else. */
  readonly spacingOfVideoMm?: readonly [number, number];
  /** Reasons for which this file would be refused and is to be taken all the same. */
  readonly force?: readonly RefusalReason[];
}

export interface GeometryRequest {
  readonly given: GivenGeometry;
  /** What messages call the file. */
  readonly name: string;
  /** What a person should know of the choice is added here. */
  readonly notes: string[];
}

/** Share by which a given value may differ from the header's without a word. */
const SAME = 0.01;

function differs(a: number, b: number): boolean {
  return Math.abs(a - b) > SAME * Math.max(a, b);
}

function shown(sizes: readonly number[]): string {
  return sizes.map((size) => Number(size.toPrecision(5))).join(' x ');
}

function isPlausibleSpacing(sizes: readonly number[]): boolean {
  const [low, high] = limits.spacingMm;
  return sizes.length === 2 && sizes.every((size) => size >= low && size <= high);
}

interface Quantity {
  readonly title: string;
  readonly unit: string;
  readonly reason: RefusalReason;
  readonly options: string;
  readonly range: readonly [number, number];
}

const pixelSize: Quantity = {
  title: 'pixel size',
  unit: 'mm',
  reason: 'spacing-conflict',
  options: '--spacing-mm',
  range: limits.spacingMm,
};
const timeBetweenFrames: Quantity = {
  title: 'frame time',
  unit: 'ms',
  reason: 'frame-time-conflict',
  options: '--frame-time-ms, or the info file of a release',
  range: limits.frameTimeMs,
};

/** The stated numbers where they can be the quantity, else the given ones; undefined without either. */
function settled(
  stated: { readonly sizes: readonly number[] | undefined; readonly where: string },
  givenSizes: readonly number[] | undefined,
  { title, unit, reason, options, range }: Quantity,
  { given, name, notes }: GeometryRequest,
): readonly number[] | undefined {
  if (givenSizes === undefined) return stated.sizes;
  const forced = given.force ?? [];
  const [low, high] = range;
  if (!forced.includes(reason) && !givenSizes.every((size) => size >= low && size <= high)) {
    throw new DomainError(
      'DatasetInvalid',
      `${name}: expected a ${title} of ${low} to ${high} ${unit}, found ${shown(givenSizes)} ${unit} given (${options}).`,
    );
  }
  const { sizes, where } = stated;
  if (sizes === undefined) return givenSizes;
  if (!sizes.some((size, axis) => differs(size, givenSizes[axis]!))) return sizes;
  const found = `the ${title} given is ${shown(givenSizes)} ${unit}, the header states ${shown(sizes)} ${unit}${where}`;
  refuseUnlessForced(reason, forced, name, `${found}. Leave it out (${options}) to use that of the header.`);
  notes.push(`${found}; what was given counts, as forced`);
  return givenSizes;
}

/**
 * Millimetres per pixel as [row, column]: the header's where they can be a pixel size, else the given ones; undefined
 * without either.
 * @param stated by the header, whether it can be one or not; undefined where the format or the header has none
 * @throws DatasetInvalid for a given size that is none, and for one that differs from the header's (spacing-conflict)
 */
export function fillSpacing(
  stated: readonly [number, number] | undefined,
  request: GeometryRequest,
): readonly [number, number] | undefined {
  const sizes = stated !== undefined && isPlausibleSpacing(stated) ? stated : undefined;
  const found = settled({ sizes, where: ' (row x column)' }, request.given.spacingMm, pixelSize, request);
  if (found) return [found[0]!, found[1]!];
  const saysSome = stated?.some((size) => size > 0) === true;
  return saysSome ? undefined : request.given.spacingOfVideoMm;
}

/**
 * The same for the time between frames: what is too long to be one (slices of a volume, seconds for milliseconds)
 * gives way. Call it for two frames or more; a still picture has no such time.
 * @param source where it stands in the header, for messages
 * @throws DatasetInvalid as fillSpacing (frame-time-conflict)
 */
export function fillFrameTime(
  stated: number | undefined,
  request: GeometryRequest,
  source?: string,
): number | undefined {
  const { frameTimeMs } = request.given;
  const sizes = stated !== undefined && isPlausibleFrameTime(stated) ? [stated] : undefined;
  const where = source === undefined ? '' : ` (${source})`;
  const given = frameTimeMs === undefined ? undefined : [frameTimeMs];
  return settled({ sizes, where }, given, timeBetweenFrames, request)?.[0];
}

/**
 * What a person gives over what the info file of a release says: each fills in what the other lacks.
 * @throws DatasetInvalid where both say the frame time and differ, unless that is forced
 */
export function givenOver(person: GivenGeometry, release: GivenGeometry, name: string): GivenGeometry {
  const [ofPerson, ofRelease] = [person.frameTimeMs, release.frameTimeMs];
  if (ofPerson !== undefined && ofRelease !== undefined && differs(ofPerson, ofRelease)) {
    refuseUnlessForced(
      'frame-time-conflict',
      person.force ?? [],
      name,
      `the frame time given is ${ofPerson} ms, the info file of its release states ${shown([ofRelease])} ms. ` +
        'Leave --frame-time-ms out to use that of the release.',
    );
  }
  return { ...release, ...person };
}

/** What a format without a pixel size needs. @throws DatasetInvalid when none was given */
export function givenSpacing(
  { spacingMm }: GivenGeometry,
  name: string,
  format: string,
): readonly [number, number] {
  if (spacingMm !== undefined) {
    checkSpacing(spacingMm, name);
    return spacingMm;
  }
  throw new DomainError(
    'DatasetInvalid',
    `${name}: expected a pixel size, found a file of a format that has none (${format}). Give it in mm with --spacing-mm.`,
  );
}
