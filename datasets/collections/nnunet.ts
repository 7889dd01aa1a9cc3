/**
 * nnU-Net's raw data (imagesTr, labelsTr, imagesTs, labelsTs, dataset.json): `CASE_0000.nii.gz` is a picture's first
 * channel, `CASE.nii.gz` its mask. Cases of imagesTs are for testing. What an export of this software noted in
 * dataset.json is taken from there.
 */
import { BACKGROUND } from '../../ground/labels.ts';
import type { LabelMap } from '../nifti.ts';
import { baseName, channelOf, folderOf, maskEnding, pathIn, recordingName, stemOf } from './names.ts';
import { type CaseFacts, parseNnUNetFacts } from './nnunet-json.ts';
import type { FolderListing, IngestPlan, PlannedVideo, SkippedFile } from './plan.ts';

const inFolder = (file: string, name: string) => baseName(folderOf(file)) === name;

export function isNnUNet({ files }: FolderListing): boolean {
  return (
    files.some((file) => baseName(file) === 'dataset.json') &&
    files.some((file) => inFolder(file, 'imagesTr'))
  );
}

/** Masks by the folder and case of their picture. */
function masksByCase(files: readonly string[]): Map<string, string> {
  const isMask = (file: string) =>
    (inFolder(file, 'labelsTr') || inFolder(file, 'labelsTs')) && maskEnding.test(file);
  return new Map(files.filter(isMask).map((file) => [`${folderOf(file)}/${stemOf(file)}`, file]));
}

/** The case that a picture is a channel of, however its name ends beside that. */
const caseOf = (file: string) => stemOf(file).replace(/_\d{4}$/, '');

/** Pictures of imagesTr have their masks in labelsTr, those of imagesTs in labelsTs. */
const maskKeyOf = (file: string) => `${folderOf(file).replace(/images(T[rs])$/, 'labels$1')}/${caseOf(file)}`;

interface Noted {
  readonly facts: CaseFacts;
  readonly labelMap: LabelMap | undefined;
}

/** What exports of this software noted, by the path of the picture. */
async function notedCases({ files, readText }: FolderListing): Promise<Map<string, Noted>> {
  const noted = new Map<string, Noted>();
  for (const file of files) {
    if (baseName(file) !== 'dataset.json') continue;
    const found = parseNnUNetFacts(await readText(file));
    if (found === undefined) continue;
    const { cases, ignore } = found;
    const labelMap = ignore === undefined ? undefined : new Map([[ignore, BACKGROUND]]);
    for (const [image, facts] of cases) noted.set(pathIn(folderOf(file), image), { facts, labelMap });
  }
  return noted;
}

/** What is noted goes before what the name says. */
function ofNoted({ facts, labelMap }: Noted): Partial<PlannedVideo> {
  const { study: patient, view, frameTimeMs, annotatedFrames, annotatedLabels } = facts;
  return {
    patient,
    view,
    ...(frameTimeMs > 0 && { given: { frameTimeMs } }),
    ...(labelMap && { labelMap }),
    ...(annotatedFrames && { annotatedFrames }),
    ...(annotatedLabels && { annotatedLabels }),
  };
}

function plannedCase(file: string, mask: string | undefined, noted: Noted | undefined): PlannedVideo {
  const name = caseOf(file);
  // Of an export, what is not for testing was for training; anybody else's is split anew.
  const split = inFolder(file, 'imagesTs') ? 'test' : noted && 'train';
  return {
    file,
    name,
    ...recordingName(name),
    ...(split && { split }),
    ...(mask !== undefined && { labels: { kind: 'mask', file: mask } }),
    ...(noted && ofNoted(noted)),
  };
}

export async function planNnUNet(listing: FolderListing): Promise<IngestPlan> {
  const { files } = listing;
  const masks = masksByCase(files);
  const noted = await notedCases(listing);
  const videos: PlannedVideo[] = [];
  const skipped: SkippedFile[] = [];
  const paired = new Set<string>();
  for (const file of files) {
    if (!inFolder(file, 'imagesTr') && !inFolder(file, 'imagesTs')) continue;
    if ((channelOf(file) ?? 0) > 0) {
      skipped.push({ file, reason: 'a further channel: the first one is the recording' });
      continue;
    }
    const mask = masks.get(maskKeyOf(file));
    if (mask !== undefined) paired.add(mask);
    videos.push(plannedCase(file, mask, noted.get(file)));
  }
  for (const mask of masks.values())
    if (!paired.has(mask)) skipped.push({ file: mask, reason: 'a mask without its video' });
  return { collection: 'nnU-Net', videos, skipped };
}
