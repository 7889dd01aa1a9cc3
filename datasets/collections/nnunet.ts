/**
 * nnU-Net's raw data (imagesTr, labelsTr, imagesTs, labelsTs, dataset.json): `CASE_0000.nii.gz` is a picture's first
 * channel, `CASE.nii.gz` its mask. Cases of imagesTs are for testing.
 */
import { baseName, channelOf, folderOf, maskEnding, pairingKey, recordingName } from './names.ts';
import type { FolderListing, IngestPlan, PlannedVideo, SkippedFile } from './plan.ts';

const inFolder = (file: string, name: string) => baseName(folderOf(file)) === name;

export function isNnUNet({ files }: FolderListing): boolean {
  return (
    files.some((file) => baseName(file) === 'dataset.json') &&
    files.some((file) => inFolder(file, 'imagesTr'))
  );
}

/** Where a case and its mask meet. */
const keyOf = (file: string) => `${folderOf(folderOf(file))}/${pairingKey(file)}`;

function masksByCase(files: readonly string[]): Map<string, string> {
  const isMask = (file: string) =>
    (inFolder(file, 'labelsTr') || inFolder(file, 'labelsTs')) && maskEnding.test(file);
  return new Map(files.filter(isMask).map((file) => [keyOf(file), file]));
}

export function planNnUNet({ files }: FolderListing): IngestPlan {
  const masks = masksByCase(files);
  const videos: PlannedVideo[] = [];
  const skipped: SkippedFile[] = [];
  const paired = new Set<string>();
  for (const file of files) {
    const isTest = inFolder(file, 'imagesTs');
    if (!isTest && !inFolder(file, 'imagesTr')) continue;
    if ((channelOf(file) ?? 0) > 0) {
      skipped.push({ file, reason: 'a further channel: the first one is the recording' });
      continue;
    }
    const mask = masks.get(keyOf(file));
    if (mask !== undefined) paired.add(mask);
    const name = pairingKey(file);
    videos.push({
      file,
      name,
      ...recordingName(name),
      ...(isTest && { split: 'test' as const }),
      ...(mask !== undefined && { labels: { kind: 'mask' as const, file: mask } }),
    });
  }
  for (const mask of masks.values())
    if (!paired.has(mask)) skipped.push({ file: mask, reason: 'a mask without its video' });
  return { collection: 'nnU-Net', videos, skipped };
}
