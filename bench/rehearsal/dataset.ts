/** The dataset of a rehearsal: as many videos as wanted, all of them the same small clip under names of their own. */
import { formatManifest, type ManifestRow, manifestRow } from '../../datasets/manifest.ts';
import { writeGreyNifti, writeLabelNifti } from '../../datasets/nifti.ts';
import type { GreyVideo, LabelVideo } from '../../imaging/image.ts';
import { writeArtefact } from '../../storage/artefacts.ts';
import { inParallel } from '../../storage/in-parallel.ts';
import { datasetKeys } from '../../storage/keys.ts';
import { replaceManifest } from '../../storage/manifests.ts';
import type { ObjectStore } from '../../storage/store.ts';

const SIDE = 24;
const grid = { frames: 4, rows: SIDE, columns: SIDE, spacingMm: [3, 3], frameTimeMs: 40 } as const;

/** A ring of muscle around a cavity, the same in every frame. */
export const clipLabels: LabelVideo = {
  ...grid,
  labels: Uint8Array.from({ length: grid.frames * SIDE * SIDE }, (_, i) => {
    const [row, column] = [Math.floor(i / SIDE) % SIDE, i % SIDE];
    const radius = Math.hypot(row - SIDE / 2, column - SIDE / 2);
    return radius < 5 ? 1 : radius < 8 ? 2 : 0;
  }),
};

const clip: GreyVideo = { ...grid, intensities: Float32Array.from(clipLabels.labels, (label) => label / 3) };

export interface RehearsalVideos {
  readonly target: readonly string[];
  readonly validation: readonly string[];
  readonly test: readonly string[];
}

/** Stores `videos` to adapt to, and a tenth as many each to validate and, annotated, to test on. */
export async function storeRehearsalDataset(
  store: ObjectStore,
  dataset: string,
  videos: number,
): Promise<RehearsalVideos> {
  const tenth = Math.ceil(videos / 10);
  const rows: ManifestRow[] = [];
  const named = (split: ManifestRow['split'], count: number): string[] =>
    Array.from({ length: count }, (_, index) => {
      const id = `${split}-${String(index).padStart(6, '0')}`;
      rows.push(manifestRow({ study: id, view: 'a4c', id, split, labelled: split === 'test' }, clip));
      return id;
    });
  const ids = { target: named('train', videos), validation: named('val', tenth), test: named('test', tenth) };
  const origin = { inputs: [], codeVersion: 'rehearsal', mediaType: 'application/gzip' };
  const [grey, labels] = [writeGreyNifti(clip), writeLabelNifti(clipLabels)];
  await inParallel(rows, async ({ id, labelled }) => {
    await writeArtefact(store, datasetKeys.video(dataset, id), grey, origin);
    if (labelled) await writeArtefact(store, datasetKeys.labels(dataset, id), labels, origin);
  });
  await replaceManifest(store, dataset, 'rehearsal', () => formatManifest(rows));
  return ids;
}
