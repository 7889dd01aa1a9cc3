/**
 * A folder of synthetic videos in dataset layout. The same request makes the same bytes, so a folder that is whole is
 * kept.
 */
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { formatManifest, type ManifestRow, manifestRow } from '../../datasets/manifest.ts';
import { writeGreyNifti, writeLabelNifti } from '../../datasets/nifti.ts';
import { generatePhantom, PHANTOM_VERSION, type PhantomDomain } from '../../datasets/phantom/phantom.ts';
import { splitStudies } from '../../datasets/splits.ts';
import { writeWholeFile } from '../../storage/whole-file.ts';

export interface PhantomRequest {
  readonly out: string;
  readonly domain: PhantomDomain;
  readonly seed: number;
  /** Split of each video by its number, and whether its labels are written. Neighbours 2n, 2n + 1 are one patient. */
  readonly videos: readonly { readonly split: ManifestRow['split']; readonly labelled: boolean }[];
}

export interface PhantomsRequest extends Pick<PhantomRequest, 'out' | 'domain' | 'seed'> {
  readonly count: number;
}

/**
 * As many labelled videos as asked for, two of a patient, their patients drawn into splits by the seed; see
 * makePhantomDataset.
 */
export function makePhantoms(
  { count, ...request }: PhantomsRequest,
  onProgress: (done: number, total: number) => void = () => {},
): Promise<{ made: number }> {
  const studies = Array.from({ length: count }, (_, index) => String(Math.floor(index / 2)));
  const splits = splitStudies(studies, request.seed);
  const videos = studies.map((study) => ({ split: splits.get(study)!, labelled: true }));
  return makePhantomDataset({ ...request, videos }, onProgress);
}

/**
 * Makes the videos one by one; the manifest is written last, so a folder with the manifest that was asked for is whole.
 * @returns how many were made now: 0 when the folder was there already.
 */
export async function makePhantomDataset(
  request: PhantomRequest,
  onProgress: (done: number, total: number) => void,
): Promise<{ made: number }> {
  const mark = JSON.stringify({
    version: PHANTOM_VERSION,
    domain: request.domain,
    seed: request.seed,
    videos: request.videos,
  });
  const markFile = join(request.out, 'phantom.json');
  const present = await readFile(markFile, 'utf8').catch(() => undefined);
  if (present === mark) return { made: 0 };
  await mkdir(join(request.out, 'videos'), { recursive: true });
  await mkdir(join(request.out, 'labels'), { recursive: true });
  const rows: ManifestRow[] = [];
  for (const [index, { split, labelled }] of request.videos.entries()) {
    const { id, study, view, image, labels } = generatePhantom({
      domain: request.domain,
      seed: request.seed,
      index,
    });
    await writeWholeFile(join(request.out, 'videos', `${id}.nii.gz`), writeGreyNifti(image));
    if (labelled) await writeWholeFile(join(request.out, 'labels', `${id}.nii.gz`), writeLabelNifti(labels));
    rows.push(manifestRow({ study, view, id, split, labelled }, image));
    onProgress(index + 1, request.videos.length);
  }
  await writeWholeFile(join(request.out, 'manifest.csv'), formatManifest(rows));
  await writeWholeFile(markFile, mark);
  return { made: rows.length };
}
