/**
 * What every system of a comparison is, whoever made it: described, perhaps trained, asked for the masks of videos. One
 * file implements it and one line of registry.ts names it (docs/comparison.md has an example).
 */
import type { z } from 'zod';
import type { PreprocessingConfig, RunConfig } from '../contracts/run-config.ts';
import type { NiftiLayout } from '../datasets/nifti.ts';
import type { GreyVideo, LabelVideo } from '../imaging/image.ts';
import type { LinearShapes } from '../method/shapes/linear-shapes.ts';
import type { Training } from '../method/training/training.ts';
import type { LabelledWindowSource } from '../method/windows/training-windows.ts';

export interface SystemDescription {
  /** In the table. */
  readonly title: string;
  /** What was done and where it departs from its publication, a sentence or two. */
  readonly summary: string;
  /**
   * Whom it is measured with: a contender can be the best of a measure; a reference (experts against each other) and an
   * oracle (which is told something of the test references) cannot.
   */
  readonly standing: 'contender' | 'reference' | 'oracle';
}

/** A video as a system is asked about it. */
export interface ComparedVideo {
  readonly id: string;
  /** As it was recorded; the layout says how its pixels lie in the file, for masks of other files. */
  readonly image: GreyVideo & { readonly layout?: NiftiLayout | undefined };
  /** For an oracle alone. */
  readonly reference: LabelVideo | undefined;
}

/** Predicts one video after the other. */
export interface VideoPredictor {
  /**
   * Labels on the grid of the video. Whoever asks keeps the largest blob of each frame, for every system alike.
   * @throws DomainError of the video's own fault for one that cannot be predicted: it counts as missing.
   */
  predict(video: ComparedVideo): LabelVideo | Promise<LabelVideo>;
  dispose(): void;
}

export interface StoredBytes {
  readonly bytes: Uint8Array;
  /** For errors: a key or the name of a file. */
  readonly origin: string;
}

export interface PredictionMaterial<Settings> {
  readonly settings: Settings;
  readonly config: RunConfig;
  /** What its last training or run made. */
  readonly model: StoredBytes | undefined;
  /** The reward networks that the model was fine-tuned against, where it was. */
  readonly rewards: readonly StoredBytes[];
  /** Those of the source, where the configuration's inference completes segmentations by them. */
  readonly shapes: LinearShapes | undefined;
  /** By the names of the row. */
  readonly files: Readonly<Record<string, StoredBytes>>;
  /** A mask (NIfTI) of the video that was handed in with the row. */
  givenMask(id: string): Promise<Uint8Array | undefined>;
}

export interface TrainingMaterial<Settings> {
  readonly settings: Settings;
  readonly config: RunConfig;
  /** Steps of this training, by the budget. */
  readonly steps: number;
  /** Of all learning rates; below 1 after a training that diverged. */
  readonly rateFactor: number;
  /** Annotated. Without videos where the training does not need them, as is `target`. */
  readonly source: LabelledWindowSource;
  /** Whose recording each video of `source` is. */
  readonly sourcePatients: readonly string[];
  /** With labels where the training asked for pseudo labels alone. */
  readonly target: LabelledWindowSource;
  /** What the training before this one made. */
  readonly before: StoredBytes | undefined;
}

/** A training under way; `model` is what it made, once it is done. */
export interface BegunTraining {
  // biome-ignore lint/suspicious/noExplicitAny: the loop of all trainings carries any progress by its own schema
  readonly training: Training<any>;
  model(): Uint8Array;
  /** Frees networks and training. */
  dispose(): void;
}

/** Labels the videos that a system adapts to, for its next training. */
export interface VideoLabeller {
  /** On the grid of the prepared video. */
  label(video: GreyVideo): LabelVideo;
  dispose(): void;
}

export interface SystemTraining<Settings> {
  /** Within the row. */
  readonly name: string;
  /**
   * `sourceTraining` alone: a policy of this project trained on the source, which all rows share; the configuration's
   * initial policy takes its place.
   */
  readonly isSource?: boolean;
  /** One of its name serves all rows that have it; otherwise it is the row's own, whose settings it follows. */
  readonly isShared?: boolean;
  /** Shares of the wall times of source training and adaptation, and of as many steps where no time is set. */
  readonly budget: { readonly source: number; readonly adaptation: number };
  readonly needs: { readonly source: boolean; readonly target: 'nothing' | 'videos' | 'labels' };
  /** How its videos are prepared; as the run's where left out. */
  preprocessing?(config: RunConfig, before: StoredBytes | undefined): PreprocessingConfig;
  /** For `needs.target: 'labels'`. */
  labeller?(
    material: Pick<PredictionMaterial<Settings>, 'settings' | 'config' | 'shapes'> & {
      readonly before: StoredBytes;
    },
  ): VideoLabeller;
  /** What it reads of `source` and `target` at once it has fetched before (`WindowSource.fetch`). */
  begin(material: TrainingMaterial<Settings>): BegunTraining | Promise<BegunTraining>;
}

export interface System<Settings> {
  /** Of the row, as JSON; with defaults. */
  readonly settings: z.ZodType<Settings>;
  /** @param isBrought whether the row brings its model, so that nothing can be said of how that was trained */
  describe(settings: Settings, isBrought?: boolean): SystemDescription;
  /** In their order, each from what the one before made; a system without is not trained here. */
  train?(settings: Settings, config: RunConfig): readonly SystemTraining<Settings>[];
  /** The run of this project that makes its model, after the trainings: its configuration. */
  adapt?(settings: Settings, config: RunConfig): RunConfig;
  /**
   * @throws DomainError BackendMissing, ArtefactMissing, ConfigInvalid when it has not what it needs: the row then says
   * so instead of numbers.
   */
  predict(material: PredictionMaterial<Settings>): VideoPredictor | Promise<VideoPredictor>;
}

/** Keeps the settings' type to the system's own file. */
// biome-ignore lint/suspicious/noExplicitAny: a list of systems holds settings of many types
export type AnySystem = System<any>;
