/**
 * The package: what a program can ask for. Every failure that a caller can do something about is a DomainError with a
 * code; progress comes by callbacks, and nothing here writes to a terminal or ends the process.
 */
export type { ComparisonProgress, ComparisonResult } from '../contracts/comparison.ts';
export type { AdaptationResult, NightlyInput, Progress } from '../contracts/messages.ts';
export { presets } from '../contracts/presets.ts';
export type { PolicyResult } from '../contracts/results.ts';
export type { RunConfig } from '../contracts/run-config.ts';
export type { FilmReader } from '../datasets/film.ts';
export type { LabelMap } from '../datasets/nifti.ts';
export type { PhantomDomain } from '../datasets/phantom/phantom.ts';
export type { ReadOptions } from '../datasets/read-video.ts';
export type { DatasetProblem } from '../datasets/verify.ts';
export { DomainError, type ErrorCode, isRetryable } from '../ground/errors.ts';
export type { EvaluationReport, VideoScore } from '../metrics/evaluation.ts';
export { type Deployment, deploymentFrom } from '../runtime/deployment.ts';
export type { TensorBackend } from '../runtime/tensors.ts';
export type { Champion } from '../storage/champion.ts';
export { readHistory } from '../storage/champions.ts';
export { datasetNames } from '../storage/manifests.ts';
export type {
  GetOptions,
  ObjectStore,
  PutOptions,
  RequestOptions,
  StoredObject,
  TaggedBytes,
} from '../storage/store.ts';
/** Systems on the same test videos. */
export { type CompareRequest, compare, fetchComparison } from './comparison/compare.ts';
export { followComparison } from './comparison/comparison-client.ts';
export { type RequestedRow, rowsOfFile, rowsOfSpecs } from './comparison/row-specs.ts';
/** Where things run: the deployment of the environment, its object store, a connection to Temporal. */
export { type Connections, connectTo, currentDeployment, storeOf, withConnections } from './connections.ts';
export {
  type DatasetSheet,
  type ListedDataset,
  listDatasets,
  writeDatasetSheet,
} from './datasets/dataset-sheet.ts';
/** Videos into the object store. */
export type { IngestReason } from './datasets/ingest-reasons.ts';
export type { QuarantinedVideo } from './datasets/ingest-video.ts';
export {
  type IngestedVideo,
  type IngestOutcome,
  type IngestProgress,
  type IngestRequest,
  ingestVideos,
} from './datasets/ingest-videos.ts';
export { makePhantoms, type PhantomsRequest } from './datasets/phantom-dataset.ts';
export { type IngestPaths, planIngestion } from './datasets/plan-ingestion.ts';
export { localFiles, type SourceFile, type SourceFiles, sourceFiles } from './datasets/source-files.ts';
export { readManifest } from './datasets/stored-dataset.ts';
export { resolveDataset, uploadDataset } from './datasets/upload-dataset.ts';
export { type Verification, verifyNamed } from './datasets/verify-named.ts';
export { type WatchRequest, type WatchTotals, watchFolder } from './datasets/watch-folder.ts';
/** Metrics over folders of masks. */
export { type EvaluateRequest, evaluate } from './evaluation/evaluate.ts';
export { scoresCsv } from './evaluation/score-csv.ts';
export type { FileProblem } from './file-problem.ts';
/** The ffmpeg of this machine, for films. */
export { findFilmReader } from './media/ffmpeg.ts';
export { type FilmWriter, findFilmWriter } from './media/film-writer.ts';
/** Models in the store: champions, their history, weights in and out. */
export { bestIteration } from './models/best-iteration.ts';
export {
  listModels,
  promoteByHand,
  requireChampion,
  rollBack,
} from './models/champion.ts';
export type { ExportFormat } from './models/export-formats.ts';
export { exportModel } from './models/export-model.ts';
export {
  type ImportedNetwork,
  type ImportOptions,
  importWeights,
} from './models/import-weights.ts';
export { addImported, type ImportedCheckpoint } from './models/imported-model.ts';
/** Adaptation runs: configure, start, follow, steer. */
export { resolveRunConfig } from './run-config.ts';
export { type AdaptRequest, adapt } from './runs/adapt.ts';
export {
  listRuns,
  type RunningActivity,
  type RunState,
  readRun,
  runResult,
} from './runs/adaptation-client.ts';
export { readReport } from './runs/report.ts';
export { RunFailed } from './runs/run-failed.ts';
export { cancelRun, steerRun } from './runs/run-orders.ts';
export {
  createNightly,
  listSchedules,
  type Night,
  orderSchedule,
  type ScheduleState,
  scheduleTrouble,
} from './runs/schedules.ts';
export { type Rate, type StageWork, stageWork } from './runs/stage-work.ts';
export { followRun } from './runs/watch.ts';
/** Masks of videos. */
export type { ResultFormat } from './segmentation/result-formats.ts';
export {
  type Segmented,
  type SegmentedFile,
  type SegmentProgress,
  type SegmentRequest,
  segment,
} from './segmentation/segment.ts';
export type { Optimisation } from './segmentation/segment-video.ts';
