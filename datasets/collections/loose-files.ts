/**
 * Files of no known release: videos by their endings, masks beside them or in a folder of masks, series of numbered
 * pictures.
 */
import {
  baseName,
  channelOf,
  folderOf,
  isNamedAsMask,
  maskEnding,
  mayBeVideo,
  pairingKey,
  pictureEnding,
  recordingName,
  stemOf,
} from './names.ts';
import type { FolderListing, IngestPlan, PlannedVideo, SkippedFile } from './plan.ts';

/** Fewer numbered pictures in a folder are no loop. */
const FEWEST_PICTURES = 4;
const videoFolder = /^(?:videos|images|imagesTr|imagesTs)$/i;
const maskFolder = /^(?:labels|masks|labelsTr|labelsTs|segmentations)$/i;
const number = /(\d+)(?=\D*$)/;

/** The folder whose videos the masks of `folder` belong to: itself, or the one that holds both. */
function place(file: string): string {
  const folder = folderOf(file);
  const isKindFolder = videoFolder.test(baseName(folder)) || maskFolder.test(baseName(folder));
  return isKindFolder ? folderOf(folder) : folder;
}

function isMask(file: string): boolean {
  return isNamedAsMask(file) || (maskFolder.test(baseName(folderOf(file))) && maskEnding.test(file));
}

/** A picture's name without its number, by which the pictures of one series are known. */
const seriesName = (file: string) =>
  baseName(file).replace(stemOf(file), (stem) => stem.replace(number, '#'));

/** What keeps the pictures of a folder from being one video; undefined where nothing does. */
function noSeries(pictures: readonly string[]): string | undefined {
  if (pictures.length < FEWEST_PICTURES || !pictures.every((file) => number.test(stemOf(file)))) {
    return `a single picture: a series has at least ${FEWEST_PICTURES} numbered ones in a folder of its own`;
  }
  // Of two recordings the frames would come in turn, of "1 of 30" and "2 of 30" in the order of letters.
  return new Set(pictures.map(seriesName)).size > 1
    ? 'pictures whose names differ in more than their last number: a series has a folder of its own'
    : undefined;
}

/** Numbered pictures of one folder, as one video. */
function seriesOf(files: readonly string[]): { series: PlannedVideo[]; skipped: SkippedFile[] } {
  const byFolder = new Map<string, string[]>();
  for (const file of files) {
    const beside = byFolder.get(folderOf(file));
    if (beside) beside.push(file);
    else byFolder.set(folderOf(file), [file]);
  }
  const series: PlannedVideo[] = [];
  const skipped: SkippedFile[] = [];
  for (const [folder, pictures] of byFolder) {
    const reason = noSeries(pictures);
    if (reason !== undefined) {
      for (const file of pictures) skipped.push({ file, reason });
      continue;
    }
    const order = (file: string) => Number(number.exec(stemOf(file))![1]);
    const ordered = pictures.toSorted((a, b) => order(a) - order(b));
    const name = baseName(folder) || 'pictures';
    series.push({ file: folder || '.', name, pictures: ordered, ...recordingName(folder) });
  }
  return { series, skipped };
}

/**
 * True for a further channel as nnU-Net numbers them, its first one beside it. Other files that end in four digits, as
 * the IM_0001 of many exports, are recordings.
 */
function isFurtherChannel(file: string, present: ReadonlySet<string>): boolean {
  const channel = channelOf(file) ?? 0;
  if (channel === 0 || !maskEnding.test(file)) return false;
  return present.has(file.replace(/_\d{4}(?=\.[^/]*$)/, '_0000'));
}

function skipReason(file: string): string {
  if (mayBeVideo(file)) return 'a further channel of a picture: the first one is the recording';
  if (/\.(?:raw|zraw)$/i.test(file)) return 'pixels of a .mhd file, which is read with it';
  if (/\.(?:hdr|img)$/i.test(file)) {
    return 'one of a pair (.hdr and .img), which is not read: export it as a single file, .nii or .nii.gz';
  }
  const ending = /\.[^.]+$/.exec(baseName(file))?.[0] ?? '';
  return `no video: files that end in ${ending} are not read`;
}

/** Where a video and its mask meet. */
const keyOf = (file: string) => `${place(file)}/${pairingKey(file)}`;

/** The files by what they may be, each kind in order; the masks under the key of their video. */
function sortedByKind(files: readonly string[], named: ReadonlySet<string>) {
  const masks = new Map<string, string>();
  const skipped: SkippedFile[] = [];
  const rest: string[] = [];
  const pictures: string[] = [];
  for (const file of files) {
    if (named.has(file)) rest.push(file);
    else if (pictureEnding.test(file)) pictures.push(file);
    else if (!isMask(file)) rest.push(file);
    else if (masks.has(keyOf(file)))
      skipped.push({ file, reason: `a second mask beside ${masks.get(keyOf(file))}` });
    else masks.set(keyOf(file), file);
  }
  return { masks, skipped, rest, pictures };
}

/** @param named files that a person named one by one: videos, whatever their name */
export function planLooseFiles({ files }: FolderListing, named: ReadonlySet<string>): IngestPlan {
  const { masks, skipped, rest, pictures } = sortedByKind(files, named);
  const { series, skipped: single } = seriesOf(pictures);
  const videos = [...series];
  const paired = new Set<string>();
  const present = new Set(files);
  for (const file of rest) {
    if (!named.has(file) && (!mayBeVideo(file) || isFurtherChannel(file, present))) {
      skipped.push({ file, reason: skipReason(file) });
      continue;
    }
    const mask = masks.get(keyOf(file));
    if (mask !== undefined) paired.add(mask);
    videos.push({
      file,
      name: pairingKey(file),
      ...recordingName(file),
      ...(mask !== undefined && { labels: { kind: 'mask' as const, file: mask } }),
    });
  }
  for (const mask of masks.values()) {
    if (!paired.has(mask)) skipped.push({ file: mask, reason: 'a mask without its video' });
  }
  return { collection: 'files', videos, skipped: [...skipped, ...single] };
}
