/**
 * Which files are scored together: those of the same name in the folders of predictions, references, baseline,
 * confidence.
 */
import { readdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { pairingKey } from '../../datasets/collections/names.ts';
import type { LabelMap } from '../../datasets/nifti.ts';
import { DomainError } from '../../ground/errors.ts';
import type { LabelVideo } from '../../imaging/image.ts';
import type { FileProblem } from '../file-problem.ts';

export interface VideoPair {
  /** File name without .nii or .nii.gz. */
  readonly id: string;
  readonly prediction: string;
  readonly reference?: string;
  /** What the table of the videos says that the reference knows; what the reference shows itself otherwise. */
  readonly known?: Pick<LabelVideo, 'annotatedFrames' | 'annotatedLabels'>;
  /** Mask of the method that the prediction is compared with. */
  readonly baseline?: string;
  /** Confidence map of the prediction. */
  readonly confidence?: string;
  /** Labels of another convention, in predictions, references and baseline alike. */
  readonly labelMap?: LabelMap;
}

export interface EvaluationFolders {
  readonly predictions: string;
  readonly references?: string | undefined;
  readonly baseline?: string | undefined;
  readonly confidence?: string | undefined;
  readonly labelMap?: LabelMap | undefined;
}

const niftiName = /^(.+?)\.nii(?:\.gz)?$/i;
/** What `segment --uncertainty` writes beside a mask, `<video>.confidence.nii.gz`. */
const confidenceEnding = '.confidence';

/** Id -> path of the NIfTI files directly in the folder. */
async function niftiFiles(folder: string): Promise<{ files: Map<string, string>; problems: FileProblem[] }> {
  const names = (await readdir(folder)).sort();
  const files = new Map<string, string>();
  const problems: FileProblem[] = [];
  for (const name of names) {
    const id = niftiName.exec(name)?.[1];
    if (id === undefined) continue;
    if (files.has(id)) {
      problems.push({
        file: join(folder, name),
        code: 'DatasetInvalid',
        message: `${files.get(id)} has the same name without its ending. Keep one of the two.`,
      });
      continue;
    }
    files.set(id, join(folder, name));
  }
  return { files, problems };
}

/**
 * The files under the ids of the predictions: of the same name, or of one that differs in the suffixes of masks
 * (CAMUS: `_gt`) and of nnU-Net's first channel (`_0000`) alone. Files that fit no prediction stay under their own
 * name.
 */
function byPairingKey(
  files: ReadonlyMap<string, string>,
  predictions: ReadonlyMap<string, string>,
): Map<string, string> {
  const idOf = new Map<string, string>();
  for (const id of predictions.keys()) if (!idOf.has(pairingKey(id))) idOf.set(pairingKey(id), id);
  // A file of the very name goes before one that is only like it.
  const paired = new Map([...files].filter(([name]) => predictions.has(name)));
  for (const [name, file] of files) {
    if (predictions.has(name)) continue;
    const id = idOf.get(pairingKey(name));
    paired.set(id === undefined || paired.has(id) ? name : id, file);
  }
  return paired;
}

/** The masks of a folder: confidence maps that lie among them are none. */
async function maskFiles(folder: string): ReturnType<typeof niftiFiles> {
  const found = await niftiFiles(folder);
  for (const id of found.files.keys()) {
    if (!id.endsWith(confidenceEnding)) continue;
    if (found.files.has(id.slice(0, -confidenceEnding.length))) found.files.delete(id);
  }
  return found;
}

/** Id -> confidence map. A file of the mask's own name is one too, unless it is the mask. */
async function confidenceFiles(folder: string, predictions: string): ReturnType<typeof niftiFiles> {
  const found = await niftiFiles(folder);
  const holdsMasks = resolve(folder) === resolve(predictions);
  const files = new Map<string, string>();
  for (const [name, path] of found.files) {
    const named = name.endsWith(confidenceEnding);
    const id = named ? name.slice(0, -confidenceEnding.length) : name;
    if (named || (!holdsMasks && !files.has(id))) files.set(id, path);
  }
  return { files, problems: found.problems };
}

/** What a prediction is looked at beside. */
const roles = ['reference', 'baseline', 'confidence'] as const;
type Role = (typeof roles)[number];
/** Id of the prediction -> file; undefined where no such folder was given. */
type Partners = Readonly<Record<Role, ReadonlyMap<string, string> | undefined>>;

const folderOf = {
  reference: 'references',
  baseline: 'baseline',
  confidence: 'confidence',
} as const satisfies Record<Role, keyof EvaluationFolders>;

const adviceOnMissing: Readonly<Record<Role, string>> = {
  reference: 'Add it, or remove the prediction.',
  baseline: 'The video is scored, but is missing from the comparison.',
  confidence: 'The video is scored, but is missing from the uncertainty measures.',
};

function pairOf(id: string, prediction: string, partners: Partners): VideoPair {
  const files = roles.map((role) => [role, partners[role]?.get(id)] as const);
  return { id, prediction, ...Object.fromEntries(files.filter(([, file]) => file !== undefined)) };
}

/** What was given for other videos and not for this one. Without a reference the rest does not matter. */
function missingFor(pair: VideoPair, partners: Partners): readonly Role[] {
  const missing = roles.filter((role) => partners[role] && !pair[role]);
  return missing.includes('reference') ? ['reference'] : missing;
}

/**
 * Pairs the folders by file name, in name order; without `references` every prediction stands alone.
 * A file with no partner is a problem, not a silent omission: leaving out failed videos would improve the mean.
 * @throws DomainError DatasetInvalid when there is nothing to score.
 */
export async function pairFiles(
  folders: EvaluationFolders,
): Promise<{ pairs: VideoPair[]; problems: FileProblem[] }> {
  const { predictions, references, baseline, confidence } = folders;
  const found = await maskFiles(predictions);
  if (found.files.size === 0) {
    throw new DomainError(
      'DatasetInvalid',
      `${predictions} holds no NIfTI file: expected masks named <video>.nii.gz or <video>.nii directly in it. Check --predictions.`,
    );
  }
  const problems = [...found.problems];
  const partnersIn = async (
    folder: string | undefined,
    read: (folder: string) => ReturnType<typeof maskFiles>,
  ) => {
    if (folder === undefined) return undefined;
    const known = await read(folder);
    problems.push(...known.problems);
    return byPairingKey(known.files, found.files);
  };
  const partners: Partners = {
    reference: await partnersIn(references, maskFiles),
    baseline: await partnersIn(baseline, maskFiles),
    confidence: await partnersIn(confidence, (folder) => confidenceFiles(folder, predictions)),
  };
  const pairs: VideoPair[] = [];
  for (const [id, prediction] of found.files) {
    const pair = pairOf(id, prediction, partners);
    const missing = missingFor(pair, partners);
    for (const role of missing) {
      const what = role === 'confidence' ? 'confidence map' : role;
      problems.push({
        file: prediction,
        code: 'DatasetInvalid',
        message: `no ${what} of the same name in ${folders[folderOf[role]]}. ${adviceOnMissing[role]}`,
      });
    }
    if (!missing.includes('reference')) pairs.push(pair);
  }
  for (const [id, file] of [...(partners.reference ?? []), ...(partners.baseline ?? [])]) {
    if (found.files.has(id)) continue;
    problems.push({
      file,
      code: 'DatasetInvalid',
      message: `no prediction of the same name in ${predictions}: the video would be missing from the means.`,
    });
  }
  return { pairs, problems };
}
