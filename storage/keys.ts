/**
 * Where everything lies in the bucket (architecture.md, what flows). Keys say what a thing is and hold no patient
 * data.
 */
import { DomainError } from '../ground/errors.ts';

export const LONGEST_NAME = 100;
/** Letters, digits, dot, dash, underscore; no path may leave its folder by its name. */
const NAME = new RegExp(`^[A-Za-z0-9][A-Za-z0-9._-]{0,${LONGEST_NAME - 1}}$`);

/** @throws DomainError ConfigInvalid when the text cannot be part of a key. */
export function checkedName(kind: 'dataset' | 'run' | 'model' | 'video', name: string): string {
  if (NAME.test(name)) return name;
  throw new DomainError(
    'ConfigInvalid',
    `"${name}" cannot name a ${kind}: use 1 to ${LONGEST_NAME} letters, digits, dots, dashes or underscores, beginning with a letter or digit.`,
  );
}

const two = (n: number): string => String(n).padStart(2, '0');

export const datasetKeys = {
  root: (dataset: string) => `datasets/${checkedName('dataset', dataset)}/`,
  /** Which version of the manifest holds now. */
  manifestPointer: (dataset: string) => `${datasetKeys.root(dataset)}manifest.json`,
  manifestVersion: (dataset: string, sha256: string) => `${datasetKeys.root(dataset)}manifests/${sha256}.csv`,
  /** The manifest of a dataset from before there were versions. */
  manifest: (dataset: string) => `${datasetKeys.root(dataset)}manifest.csv`,
  video: (dataset: string, id: string) =>
    `${datasetKeys.root(dataset)}videos/${checkedName('video', id)}.nii.gz`,
  labels: (dataset: string, id: string) =>
    `${datasetKeys.root(dataset)}labels/${checkedName('video', id)}.nii.gz`,
  /**
   * Random bytes by which names of patients become ids of studies; whoever has it and a list of names can undo that.
   */
  studyKey: (dataset: string) => `${datasetKeys.root(dataset)}study.key`,
  /** What was prepared of a video for the networks; `digest` is that of all that it depends on. */
  prepared: (dataset: string, id: string, digest: string, kind: 'video' | 'labels') =>
    `${datasetKeys.root(dataset)}prepared/${checkedName('video', id)}/${digest}.${kind}`,
  quarantines: (dataset: string) => `${datasetKeys.root(dataset)}quarantine/`,
  quarantine: (dataset: string, id: string) =>
    `${datasetKeys.quarantines(dataset)}${checkedName('video', id)}.json`,
  sources: (dataset: string) => `${datasetKeys.root(dataset)}sources/`,
  /** What became of the recording whose files have this digest. */
  source: (dataset: string, sha256: string) => `${datasetKeys.sources(dataset)}${sha256}.json`,
};

/** `plain` are the test videos, segmented as published. */
type PredictedSplit = 'target' | 'validation' | 'test' | 'plain';

export const runKeys = {
  root: (run: string) => `runs/${checkedName('run', run)}/`,
  config: (run: string) => `${runKeys.root(run)}config.json`,
  plan: (run: string) => `${runKeys.root(run)}plan.json`,
  /** What its tensors are computed with. */
  machine: (run: string) => `${runKeys.root(run)}machine.json`,
  pretraining: (run: string) => `${runKeys.root(run)}pretraining/`,
  autoencoder: (run: string) => `${runKeys.root(run)}shape-autoencoder/`,
  linearShapes: (run: string) => `${runKeys.root(run)}linear-shapes/shapes.safetensors`,
  landmarkReward: (run: string) => `${runKeys.root(run)}landmark-reward/`,
  quarantines: (run: string) => `${runKeys.root(run)}quarantine/`,
  quarantine: (run: string, id: string) => `${runKeys.quarantines(run)}${checkedName('video', id)}.json`,
  report: (run: string) => `${runKeys.root(run)}report/index.html`,
  /** Everything that iteration `iteration` made; 0 is the policy before any adaptation. */
  iteration: (run: string, iteration: number) => `${runKeys.root(run)}iter-${two(iteration)}/`,
  policy: (run: string, iteration: number) => `${runKeys.iteration(run, iteration)}policy.safetensors`,
  prediction: (run: string, iteration: number, split: PredictedSplit, id: string) =>
    `${runKeys.iteration(run, iteration)}predictions/${split}/${checkedName('video', id)}.nii.gz`,
  anatomicalReward: (run: string, iteration: number) =>
    `${runKeys.iteration(run, iteration)}rewards/anatomical.safetensors`,
  evaluation: (run: string, iteration: number) => `${runKeys.iteration(run, iteration)}evaluation.json`,
};

/**
 * The video that an object is about; undefined for what videos share, such as a policy, a plan or a configuration. What
 * belongs to one video lies in a folder of such, under the video's id.
 */
export function videoOf(key: string): string | undefined {
  return /\/(?:videos|labels|predictions\/(?:target|validation|test|plain)|triples)\/([^/]+?)\.(?:nii\.gz|triples|bin\.gz|bin)$/.exec(
    key,
  )?.[1];
}

export const modelKeys = {
  root: 'models/',
  champion: (model: string) => `models/${checkedName('model', model)}/champion.json`,
  history: (model: string) => `models/${checkedName('model', model)}/history/`,
  /** Weights that were made elsewhere, by their digest: the same file twice is one artefact. */
  imported: (model: string, sha256: string) =>
    `models/${checkedName('model', model)}/imported/${sha256}.safetensors`,
};
