/**
 * Fine-tuning of a policy against its reward over one iteration (method.md 6), one draw of windows a step. Everything
 * that a step depends on is in `state()` or follows from the seed and the step's number, so a resumed run makes the
 * same numbers.
 */
import { z } from 'zod';
import type { PpoConfig } from '../../contracts/run-config.ts';
import { DomainError } from '../../ground/errors.ts';
import { randomStream } from '../../ground/random.ts';
import type { NamedArrays } from '../networks/named-arrays.ts';
import { takeArrays, withPrefix } from '../networks/prefixed-arrays.ts';
import type { UNet3D } from '../networks/unet3d.ts';
import { WeightAverage } from '../networks/weight-average.ts';
import { withTensors } from '../networks/with-tensors.ts';
import type { WindowSurroundings } from '../rewards/penalties.ts';
import type { WindowReward } from '../rewards/reward.ts';
import {
  refuseStepWhenDone,
  type Training,
  type TrainingCount,
  type TrainingState,
  type TrainingStep,
} from '../training/training.ts';
import {
  drawWindow,
  imageWindows,
  spreadOver,
  type WindowPlace,
  type WindowSource,
} from '../windows/training-windows.ts';
import { type GroupMaterial, GroupObjective } from './group/group-objective.ts';
import { defaultGuardLimits, type GuardLimits, type Violation } from './guards.ts';
import { interpolateWeights } from './interpolation.ts';
import { joinArrays, Learners, splitArrays } from './learners.ts';
import type { Objective } from './objective.ts';
import { meanPolicyReward } from './policy-reward.ts';
import type { PolicyUpdateMetrics, WindowUpdate } from './policy-update.ts';
import { PublishedObjective } from './published-objective.ts';
import { coefficientsAt, resultShareAt } from './schedules.ts';

export interface FineTuneOptions {
  /** Changed in place, as is the critic; both stay the caller's to dispose. */
  readonly policy: UNet3D;
  readonly reference: UNet3D;
  /** Of the published objective; the group-relative one has none. */
  readonly critic?: UNet3D | undefined;
  /** Of the group-relative objective. */
  readonly group?: GroupMaterial | undefined;
  readonly reward: WindowReward;
  readonly windows: WindowSource;
  /**
   * The video around a window, for the temporal penalty; undefined where nothing is known of it or nothing lies around
   * it.
   */
  readonly surroundingsOf?: ((place: WindowPlace) => WindowSurroundings | undefined) | undefined;
  /**
   * Videos and reward to choose the best epoch by, the reward not scaled per frame so that policies can be compared;
   * without them the last policy is the result.
   */
  readonly validation?: { readonly windows: WindowSource; readonly reward: WindowReward };
  readonly config: PpoConfig;
  /** From 1. */
  readonly iteration: number;
  readonly seed: number;
  /**
   * Tells the draws of this training from those of others of the same seed and iteration, such as a worker's (method.md
   * 7).
   */
  readonly stream?: readonly (string | number)[];
  /** Steps of the same training that came before these and that come after them, where this is a part of it. */
  readonly before?: number;
  readonly after?: number;
  /** Frames of a window, also of those that candidates are validated on. */
  readonly windowFrames: number;
  readonly limits?: GuardLimits;
}

export interface StepReport extends TrainingStep {
  /** From 0. */
  readonly step: number;
  readonly epoch: number;
  readonly metrics: PolicyUpdateMetrics;
  /** Why the step was taken back, if it was. */
  readonly violation: Violation | undefined;
  /** Mean reward on the validation videos, at the last step of an epoch. */
  readonly validationReward: number | undefined;
}

export const FineTuneProgressSchema = z.strictObject({
  /** Steps done. */
  step: z.int().min(0),
  /** Steps taken back. */
  rollbacks: z.int().min(0),
  rollbacksInARow: z.int().min(0),
  /** Epoch -1 is the policy as it came. */
  best: z.strictObject({ epoch: z.int().min(-1), validationReward: z.number() }).optional(),
});
export type FineTuneProgress = Readonly<z.infer<typeof FineTuneProgressSchema>>;

export class FineTune implements Training<FineTuneProgress> {
  readonly progressSchema = FineTuneProgressSchema;
  readonly #options: FineTuneOptions;
  readonly #stepsPerEpoch: number;
  readonly #learners: Learners;
  /** The policy as it came. */
  readonly #start: NamedArrays;
  readonly #objective: Objective;
  /** Of the policy's weights, where one is asked for: then it stands for the policy. */
  readonly #average: WeightAverage | undefined;
  #best: NamedArrays | undefined;
  #progress: FineTuneProgress = { step: 0, rollbacks: 0, rollbacksInARow: 0 };

  constructor(options: FineTuneOptions) {
    const { policy, critic, config, windows } = options;
    this.#options = options;
    this.#stepsPerEpoch = config.windowsPerEpoch ?? windows.count;
    this.#learners = new Learners(policy, critic, config);
    this.#objective = objectiveOf(options, this.#learners);
    this.#average =
      config.averageDecay > 0 ? new WeightAverage(policy.parameters, config.averageDecay) : undefined;
    this.#start = policy.toArrays();
  }

  get progress(): FineTuneProgress {
    return this.#progress;
  }

  /** Each step is one draw of windows. */
  get count(): TrainingCount {
    return { done: this.#progress.step, total: this.#options.config.epochs * this.#stepsPerEpoch };
  }

  get done(): boolean {
    return this.#progress.step >= this.count.total;
  }

  /** Brings the next draw of windows to hand; those of validation are held by their source. */
  async ready(): Promise<void> {
    const places = this.#drawPlaces();
    await this.#options.windows.fetch?.(places, this.#options.windowFrames);
    await this.#objective.ready(this.#progress.step, places);
  }

  /**
   * Trains on the next draw of windows. A step that breaks a guard is taken back and reported; training goes on with
   * the next window.
   * @throws DomainError Diverged after too many of these in a row.
   */
  step(): StepReport {
    refuseStepWhenDone(this, 'fine-tuning');
    const { iteration, limits = defaultGuardLimits } = this.#options;
    const { step } = this.#progress;
    // The policy as it came stands for election too: fine-tuning that only makes it worse changes nothing.
    if (step === 0) this.#validate(-1);
    // As the last good step left it: what a bad one goes back to.
    const good = this.#learners.hold();
    let update: WindowUpdate;
    let violation: Violation | undefined;
    try {
      update = this.#updateOnDraw();
      violation = update.violation ?? this.#learners.findNotFiniteWeight();
      if (violation) good.restore();
      else this.#average?.add(step);
    } finally {
      good.dispose();
    }
    this.#progress = {
      ...this.#progress,
      step: step + 1,
      rollbacks: this.#progress.rollbacks + (violation ? 1 : 0),
      rollbacksInARow: violation ? this.#progress.rollbacksInARow + 1 : 0,
    };
    if (violation && this.#progress.rollbacksInARow >= limits.maxRollbacksInARow) {
      throw new DomainError(
        'Diverged',
        `fine-tuning of iteration ${iteration} took back ${this.#progress.rollbacksInARow} windows in a row, the last, ` +
          `step ${step}, because ${violation.message}. Lower ppo.policyLearningRate or raise ppo.divergenceCoefficient.`,
        { step, guard: violation.guard },
      );
    }
    const epoch = Math.floor(step / this.#stepsPerEpoch);
    const endsEpoch = (step + 1) % this.#stepsPerEpoch === 0;
    const validationReward = endsEpoch ? this.#validate(epoch) : undefined;
    const measures = measuresOf(update.metrics, violation, validationReward);
    return { step, epoch, metrics: update.metrics, violation, validationReward, measures };
  }

  /** Trains on the windows that this step draws. */
  #updateOnDraw(): WindowUpdate {
    const { windows, surroundingsOf, config, iteration, windowFrames } = this.#options;
    const { step } = this.#progress;
    const places = this.#drawPlaces();
    this.#learners.policyOptimiser.setLearningRate(this.#policyRate());
    return withTensors((keep) =>
      this.#objective.update({
        step,
        places,
        window: keep(imageWindows(windows, places, windowFrames)),
        surroundings: surroundingsOf && places.map(surroundingsOf),
        coefficients: coefficientsAt(config, iteration),
      }),
    );
  }

  /** Where the windows of the next step are. */
  #drawPlaces(): WindowPlace[] {
    const { windows, config, iteration, seed, windowFrames, stream = [] } = this.#options;
    const random = randomStream(seed, 'ppo', iteration, ...stream, this.#progress.step);
    const first = drawWindow(windows, windowFrames, random);
    return spreadOver(windows, first, config.windowsPerDraw, windowFrames);
  }

  /** Weights of the result so far: the candidate with the best validation reward, else the current one. */
  bestPolicy(): NamedArrays {
    return this.#best ?? this.#candidate();
  }

  /**
   * Arrays under policy/ and policyAdam/, with a critic under critic/ and criticAdam/, with an average under average/
   * and, once a candidate was validated, under best/.
   */
  state(): TrainingState<FineTuneProgress> {
    const best = this.#best ? withPrefix('best', this.#best) : {};
    const average = this.#average ? withPrefix('average', this.#average.toArrays()) : {};
    const arrays = { ...joinArrays(this.#learners.snapshot()), ...average, ...best };
    return { arrays, progress: this.#progress };
  }

  restore({ arrays, progress }: TrainingState<FineTuneProgress>): void {
    this.#learners.restore(splitArrays(arrays));
    this.#average?.assign(takeArrays('average', arrays));
    this.#best = progress.best ? takeArrays('best', arrays) : undefined;
    this.#progress = progress;
  }

  /** Frees the optimisers and the recordings. */
  dispose(): void {
    this.#objective.dispose();
    this.#average?.dispose();
    this.#learners.dispose();
  }

  /** The noise of single draws outweighs what the last ones teach unless the steps get small (cleanrl's anneal_lr). */
  #policyRate(): number {
    const { config, before = 0, after = 0 } = this.#options;
    const rate = config.policyLearningRate;
    if (!config.annealPolicyRate) return rate;
    const whole = before + this.count.total + after;
    return rate * (1 - (before + this.#progress.step) / whole);
  }

  /** What training would end with now. */
  #candidate(): NamedArrays {
    const { config, iteration } = this.#options;
    return interpolateWeights(this.#start, this.#learntWeights(), resultShareAt(config, iteration));
  }

  /** Their average, where there is one. */
  #learntWeights(): NamedArrays {
    const { policy } = this.#learners;
    const average = this.#average;
    if (!average) return policy.toArrays();
    return this.#withOtherWeights(() => {
      average.giveBack();
      return policy.toArrays();
    });
  }

  /** Runs the work, which may give the policy other weights; those that are trained are back after it. */
  #withOtherWeights<Result>(work: () => Result): Result {
    const current = this.#learners.policy.hold();
    try {
      return work();
    } finally {
      current.restore();
      current.dispose();
    }
  }

  #validate(epoch: number): number | undefined {
    const { policy, validation, config, iteration, windowFrames } = this.#options;
    if (!validation || validation.windows.count === 0) return undefined;
    const candidate = this.#candidate();
    const validationReward = this.#withOtherWeights(() => {
      // With all of what was learnt kept, the policy is its own candidate.
      if (this.#average || resultShareAt(config, iteration) !== 1) policy.assign(candidate);
      return meanPolicyReward(policy, validation.reward, validation.windows, {
        videos: config.validationVideos,
        windowFrames,
      });
    });
    const { best } = this.#progress;
    if (!best || validationReward > best.validationReward) {
      this.#best = candidate;
      this.#progress = { ...this.#progress, best: { epoch, validationReward } };
    }
    return validationReward;
  }
}

/** @throws DomainError ConfigInvalid where what the configured objective needs was not given. */
function objectiveOf(options: FineTuneOptions, learners: Learners): Objective {
  const { reference, reward, config, limits = defaultGuardLimits } = options;
  const { group, windowFrames, seed, iteration, stream = [] } = options;
  if (config.objective === 'published')
    return new PublishedObjective({ learners, reference, reward, config, limits });
  if (!group) {
    throw new DomainError(
      'ConfigInvalid',
      "the group-relative objective needs proposals beside the policy's own; none were given",
    );
  }
  return new GroupObjective({
    ...{ learners, reference, reward, config, limits, windowFrames },
    ...group,
    streamOf: (step, ...purpose) => randomStream(seed, 'group', iteration, ...stream, step, ...purpose),
  });
}

/** What the curve of a fine-tuning shows of a step. */
function measuresOf(
  metrics: PolicyUpdateMetrics,
  violation: Violation | undefined,
  validationReward: number | undefined,
): StepReport['measures'] {
  return {
    reward: metrics.meanReward,
    loss: metrics.policyLoss,
    ...metrics,
    ...(validationReward !== undefined && { validationReward }),
    ...(violation && { rolledBack: 1 }),
  };
}
