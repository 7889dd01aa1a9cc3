/**
 * Which files are scored together: those of the same name in the folders of predictions, references, baseline,
 * confidence.
 */
import { readdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { DomainError } from '../../ground/errors.ts';
import type { FileProblem } from '../file-problem.ts';

export interface VideoPair {
  /** File name without .nii or .nii.gz. */
  readonly id: string;
  readonly prediction: string;
  readonly reference?: string;
  /** Mask of the method that the prediction is compared with. */
  readonly baseline?: string;
  /** Confidence map of the prediction. */
  readonly confidence?: string;
}

export interface EvaluationFolders {
  readonly predictions: string;
  readonly references?: string | undefined;
  readonly baseline?: string | undefined;
  readonly confidence?: string | undefined;
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
  const partners = async (
    folder: string | undefined,
    read: (folder: string) => ReturnType<typeof maskFiles>,
  ) => {
    if (folder === undefined) return undefined;
    const known = await read(folder);
    problems.push(...known.problems);
    return known.files;
  };
  const referenceOf = await partners(references, maskFiles);
  const baselineOf = await partners(baseline, maskFiles);
  const confidenceOf = await partners(confidence, (folder) => confidenceFiles(folder, predictions));
  const pairs: VideoPair[] = [];
  for (const [id, prediction] of found.files) {
    const missing = (what: string, folder: string | undefined, advice: string): void => {
      problems.push({
        file: prediction,
        code: 'DatasetInvalid',
        message: `no ${what} of the same name in ${folder}. ${advice}`,
      });
    };
    const partner = {
      reference: referenceOf?.get(id),
      baseline: baselineOf?.get(id),
      confidence: confidenceOf?.get(id),
    };
    if (referenceOf && !partner.reference) {
      missing('reference', references, 'Add it, or remove the prediction.');
      continue;
    }
    if (baselineOf && !partner.baseline) {
      missing('baseline', baseline, 'The video is scored, but is missing from the comparison.');
    }
    if (confidenceOf && !partner.confidence) {
      missing(
        'confidence map',
        confidence,
        'The video is scored, but is missing from the uncertainty measures.',
      );
    }
    pairs.push({
      id,
      prediction,
      ...(partner.reference && { reference: partner.reference }),
      ...(partner.baseline && { baseline: partner.baseline }),
      ...(partner.confidence && { confidence: partner.confidence }),
    });
  }
  for (const [id, file] of [...(referenceOf ?? []), ...(baselineOf ?? [])]) {
    if (found.files.has(id)) continue;
    problems.push({
      file,
      code: 'DatasetInvalid',
      message: `no prediction of the same name in ${predictions}: the video would be missing from the means.`,
    });
  }
  return { pairs, problems };
}
