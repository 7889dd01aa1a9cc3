/** A dataset of this software (manifest.csv, videos, labels): its table says all. */
import { parseManifest } from '../manifest.ts';
import { baseName, folderOf, pathIn } from './names.ts';
import type { FolderListing, IngestPlan, PlannedVideo, SkippedFile } from './plan.ts';

function manifestOf({ files }: FolderListing): string | undefined {
  return files.find(
    (file) =>
      baseName(file) === 'manifest.csv' &&
      files.some((other) => folderOf(other) === pathIn(folderOf(file), 'videos')),
  );
}

export function isOwnDataset(listing: FolderListing): boolean {
  return manifestOf(listing) !== undefined;
}

/** @throws DatasetInvalid as parseManifest does */
export async function planOwnDataset(listing: FolderListing): Promise<IngestPlan> {
  const manifest = manifestOf(listing)!;
  const root = folderOf(manifest);
  const present = new Set(listing.files);
  const skipped: SkippedFile[] = [];
  const videos = parseManifest(await listing.readText(manifest)).flatMap((row): PlannedVideo[] => {
    const file = pathIn(root, `videos/${row.id}.nii.gz`);
    if (!present.has(file)) {
      skipped.push({ file, reason: 'in manifest.csv, and not there' });
      return [];
    }
    const { id: name, study: patient, view, split, annotatedFrames, annotatedLabels } = row;
    const mask = pathIn(root, `labels/${row.id}.nii.gz`);
    if (row.labelled && !present.has(mask))
      skipped.push({ file: mask, reason: 'in manifest.csv, and not there' });
    return [
      {
        file,
        name,
        patient,
        view,
        split,
        ...(row.labelled && present.has(mask) && { labels: { kind: 'mask' as const, file: mask } }),
        ...(annotatedFrames && { annotatedFrames }),
        ...(annotatedLabels && { annotatedLabels }),
      },
    ];
  });
  return { collection: 'dataset', videos, skipped };
}
