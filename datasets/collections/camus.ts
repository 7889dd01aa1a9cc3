/**
 * The CAMUS releases (Leclerc et al., TMI 2019): a folder a patient with a loop of each view (`_half_sequence` or
 * `_sequence`), its masks (`_gt`), pictures at end-diastole and end-systole, and an info file. NIfTI or MetaImage.
 * Label 3 there is the left atrium.
 */
import type { Split } from '../manifest.ts';
import { baseName, folderOf, pathIn, recordingName, stemOf } from './names.ts';
import type { FolderListing, IngestPlan, PlannedLabels, PlannedVideo, SkippedFile } from './plan.ts';

const camusFile = /^(patient\d+_(?:2CH|4CH))_(half_sequence|sequence|ED|ES)(_gt)?\.(?:nii\.gz|nii|mhd)$/i;
const atriumIsBackground: ReadonlyMap<number, number> = new Map([[3, 0]]);

export function isCamus({ files }: FolderListing): boolean {
  return files.some((file) => camusFile.test(baseName(file)));
}

interface Parts {
  readonly loop?: string;
  readonly loopMask?: string;
  readonly ED?: string;
  readonly EDMask?: string;
  readonly ES?: string;
  readonly ESMask?: string;
}

interface Info {
  /** Frames from 0. */
  readonly ed?: number;
  readonly es?: number;
  readonly frameTimeMs?: number;
}

/** `Key: value` lines. */
function parseInfo(text: string): Info {
  const value = (key: string) => {
    const found = new RegExp(`^\\s*${key}\\s*:\\s*([\\d.]+)`, 'im').exec(text)?.[1];
    return found === undefined ? undefined : Number(found);
  };
  const [ed, es, rate] = [value('ED'), value('ES'), value('FrameRate')];
  return {
    ...(ed !== undefined && { ed: ed - 1 }),
    ...(es !== undefined && { es: es - 1 }),
    ...(rate !== undefined && rate > 0 && { frameTimeMs: 1000 / rate }),
  };
}

function labelsOf(parts: Parts, info: Info): PlannedLabels | undefined {
  if (parts.loopMask !== undefined) return { kind: 'mask', file: parts.loopMask };
  const masks = [
    { file: parts.EDMask, frame: info.ed },
    { file: parts.ESMask, frame: info.es },
  ].flatMap(({ file, frame }) => (file === undefined || frame === undefined ? [] : [{ file, frame }]));
  return masks.length === 0 ? undefined : { kind: 'frames', masks };
}

const splitFiles: readonly (readonly [RegExp, Split])[] = [
  [/^subgroup_training\.txt$/i, 'train'],
  [/^subgroup_validation\.txt$/i, 'val'],
  [/^subgroup_testing\.txt$/i, 'test'],
];

/** Splits that the release states, by patient. */
async function statedSplits({ files, readText }: FolderListing): Promise<Map<string, Split>> {
  const splits = new Map<string, Split>();
  for (const file of files) {
    const split = splitFiles.find(([pattern]) => pattern.test(baseName(file)))?.[1];
    if (split === undefined) continue;
    for (const patient of (await readText(file)).split(/\s+/)) {
      if (patient !== '') splits.set(patient.toLowerCase(), split);
    }
  }
  return splits;
}

/** Files by patient and view, such as `.../patient0001_2CH`. */
function partsByRecording(files: readonly string[]): Map<string, Parts> {
  const recordings = new Map<string, Parts>();
  for (const file of files) {
    const match = camusFile.exec(baseName(file));
    if (match === null) continue;
    const kind = /sequence/i.test(match[2]!) ? 'loop' : match[2]!.toUpperCase();
    const part = `${kind}${match[3] === undefined ? '' : 'Mask'}`;
    const key = pathIn(folderOf(file), match[1]!);
    recordings.set(key, { ...recordings.get(key), [part]: file });
  }
  return recordings;
}

async function infoOf(recording: string, listing: FolderListing): Promise<Info> {
  const view = recording.slice(recording.lastIndexOf('_') + 1);
  const file = pathIn(folderOf(recording), `Info_${view}.cfg`);
  const found = listing.files.find((candidate) => candidate.toLowerCase() === file.toLowerCase());
  return found === undefined ? {} : parseInfo(await listing.readText(found));
}

/** Single pictures stand for the loop where a release has none. */
function stills(parts: Parts): { file: string; mask: string | undefined }[] {
  if (parts.loop !== undefined) return [];
  return [
    { file: parts.ED, mask: parts.EDMask },
    { file: parts.ES, mask: parts.ESMask },
  ].flatMap(({ file, mask }) => (file === undefined ? [] : [{ file, mask }]));
}

function planned(
  file: string,
  labels: PlannedLabels | undefined,
  splits: ReadonlyMap<string, Split>,
  frameTimeMs: number | undefined,
): PlannedVideo {
  const { patient, view } = recordingName(file);
  const split = patient === undefined ? undefined : splits.get(patient);
  return {
    file,
    name: stemOf(file),
    ...(patient && { patient }),
    ...(view && { view }),
    ...(split && { split }),
    ...(labels && { labels, labelMap: atriumIsBackground }),
    ...(frameTimeMs !== undefined && { given: { frameTimeMs } }),
  };
}

export async function planCamus(listing: FolderListing): Promise<IngestPlan> {
  const splits = await statedSplits(listing);
  const videos: PlannedVideo[] = [];
  const used = new Set<string>();
  for (const [recording, parts] of partsByRecording(listing.files)) {
    const info = await infoOf(recording, listing);
    if (parts.loop !== undefined)
      videos.push(planned(parts.loop, labelsOf(parts, info), splits, info.frameTimeMs));
    for (const { file, mask } of stills(parts))
      videos.push(
        planned(file, mask === undefined ? undefined : { kind: 'mask', file: mask }, splits, undefined),
      );
    for (const file of Object.values(parts)) used.add(file as string);
  }
  return { collection: 'CAMUS', videos, skipped: leftLying(listing.files, used) };
}

/** Info files, lists and the pixels of MetaImage belong to the release and need no word. */
function leftLying(files: readonly string[], used: ReadonlySet<string>): SkippedFile[] {
  return files
    .filter((file) => !used.has(file) && !/\.(?:cfg|txt|raw|zraw|md|pdf)$/i.test(file))
    .map((file) => ({ file, reason: 'no part of a CAMUS release' }));
}
