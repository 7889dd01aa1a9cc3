/**
 * The two public sets that measurements on real recordings use, CAMUS as the source and EchoNet-Dynamic as the target,
 * in a folder outside of the project: nothing of them may come into it. docs/results.md says how the folder is laid
 * out.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { type ManifestRow, parseManifest, type Split } from '../../datasets/manifest.ts';
import { readGreyNifti, readReference } from '../../datasets/nifti.ts';
import type { GreyVideo, LabelVideo } from '../../imaging/image.ts';
import { projectRoot } from '../../runtime/installation.ts';

export interface RealVideo {
  readonly id: string;
  readonly image: GreyVideo;
  /** Of the target the ventricle alone, and of synthesised loops alone: absent for recorded ones. */
  readonly reference: LabelVideo | undefined;
}

export interface RealEcho {
  /** One video after the other. */
  source(...splits: Split[]): IterableIterator<RealVideo>;
  target(...splits: Split[]): IterableIterator<RealVideo>;
}

/** Folders of the two, which are datasets, and that of the target's masks, which is not what a dataset calls it. */
export const realSets = { source: 'camus-a4c', target: 'echonet-a4c', targetMasks: 'lv' } as const;

/** Ids of loops as they were recorded; the others are real frames with the motion between them made up. */
export function isRecorded({ id }: { readonly id: string }): boolean {
  return id.startsWith('r');
}

/** REAL_ECHO, or the folder beside the project's. */
export function realEchoFolder(): string {
  return process.env.REAL_ECHO ?? resolve(projectRoot, '..', 'shared', 'data', 'real-echo');
}

/** Undefined where the folder is not there. */
export function openRealEcho(folder = realEchoFolder()): RealEcho | undefined {
  const source = join(folder, realSets.source);
  const target = join(folder, realSets.target);
  if (![source, target].every((one) => existsSync(join(one, 'manifest.csv')))) return undefined;
  return {
    source: (...splits) => videosOf(source, 'labels', splits),
    target: (...splits) => videosOf(target, realSets.targetMasks, splits),
  };
}

function* videosOf(folder: string, labels: string, splits: readonly Split[]): IterableIterator<RealVideo> {
  const rows: ManifestRow[] = parseManifest(readFileSync(join(folder, 'manifest.csv'), 'utf8'));
  for (const { id, split } of rows) {
    if (!splits.includes(split)) continue;
    const image = readGreyNifti(readFileSync(join(folder, 'videos', `${id}.nii.gz`)), id);
    const reference = join(folder, labels, `${id}.nii.gz`);
    yield {
      id,
      image,
      reference: existsSync(reference) ? readReference(readFileSync(reference), id, image) : undefined,
    };
  }
}
