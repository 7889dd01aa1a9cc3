/**
 * Fits a reward network on triples (method.md 5.1, 5.2) and calibrates it (5.3), one window at a time, so that a fit
 * can be saved after any step and go on with the same numbers: epochs of training and validation, then the pixels of
 * the validation and test splits under the best weights.
 */
import type { RewardFitConfig } from '../../contracts/run-config.ts';
import { DomainError } from '../../ground/errors.ts';
import { randomStream, shuffled } from '../../ground/random.ts';
import { expectedCalibrationError } from '../../metrics/uncertainty.ts';
import { Adam } from '../networks/adam.ts';
import type { HeldParameters } from '../networks/parameters.ts';
import { withoutPrefix, withPrefix } from '../networks/prefixed-arrays.ts';
import type { UNet3D } from '../networks/unet3d.ts';
import {
  refuseStepWhenDone,
  type Training,
  type TrainingCount,
  type TrainingState,
  type TrainingStep,
} from '../training/training.ts';
import {
  disposeWindow,
  drawTripleWindow,
  splitTriples,
  type TriplePlace,
  type TripleSource,
  type TripleSplit,
  type TripleWindow,
  tripleWindow,
  usableTriple,
} from '../windows/triple-windows.ts';
import { fitTemperature, sigmoid } from './calibration.ts';
import { HeldOutPixels } from './held-out-pixels.ts';
import {
  initialProgress,
  type RewardFitProgress,
  RewardFitProgressSchema,
  recordEpoch,
  rewardFitCount,
  type WindowCounts,
  windowsOfPhase,
} from './reward-fit-progress.ts';
import { RewardFitSteps } from './reward-fit-steps.ts';

export interface RewardFitOptions {
  /** Trained in place; it stays the caller's. After the last step it holds the best weights. */
  readonly network: UNet3D;
  readonly triples: TripleSource;
  readonly config: RewardFitConfig;
  readonly seed: number;
  /** Frames of a window. */
  readonly windowFrames: number;
  /** Of the windows of an epoch, by their numbers, those that this fit trains on; all when left out. */
  readonly ownWindows?: (windows: readonly number[]) => readonly number[];
  /** Where this is a part of a fit in rounds (method.md 7), the phase that it ends with. */
  readonly only?: 'training' | 'validation';
}

/** What a finished fit is judged by. */
export interface RewardFitReport {
  readonly temperature: number;
  /** Mean squared error on the test split, under the best weights. */
  readonly testLoss: number;
  readonly validationLoss: number;
  /** Expected calibration error on foreground pixels of the test split (method.md 9.6), before and after scaling. */
  readonly calibrationErrorUnscaled: number;
  readonly calibrationError: number;
  readonly epochs: number;
  readonly bestEpoch: number;
  readonly triples: { readonly training: number; readonly validation: number; readonly test: number };
  /** False when too few studies gave triples to hold any out: the losses above are then those of training. */
  readonly heldOut: boolean;
}

export class RewardFit implements Training<RewardFitProgress> {
  readonly progressSchema = RewardFitProgressSchema;
  readonly #network: UNet3D;
  readonly #triples: TripleSource;
  readonly #config: RewardFitConfig;
  readonly #seed: number;
  readonly #windowFrames: number;
  readonly #only: RewardFitOptions['only'];
  readonly #split: TripleSplit;
  /** Numbers of the windows of an epoch that are trained on. */
  readonly #ownWindows: readonly number[];
  readonly #windows: WindowCounts;
  readonly #optimiser: Adam;
  readonly #steps: RewardFitSteps;
  #progress: RewardFitProgress;
  /** Weights of the epoch with the lowest validation loss, on the device. */
  #best: HeldParameters | undefined;
  /** The triples in the order of an epoch: shuffled once, for they may be many. */
  #order: { readonly epoch: number; readonly triples: readonly number[] } | undefined;
  #validationPixels: HeldOutPixels;
  #testPixels: HeldOutPixels;

  /** @throws DatasetInvalid when there are no triples. */
  constructor(options: RewardFitOptions) {
    const { network, triples, config, seed, windowFrames, only, ownWindows = (all) => all } = options;
    this.#network = network;
    this.#triples = triples;
    this.#config = config;
    this.#seed = seed;
    this.#windowFrames = windowFrames;
    this.#only = only;
    this.#split = splitTriples(triples, config, seed);
    const { training, validation, test } = this.#split;
    this.#ownWindows = ownWindows([...Array(config.stepsPerEpoch ?? training.length).keys()]);
    this.#windows = {
      training: this.#ownWindows.length,
      validation: validation.length,
      test: test.length,
    };
    this.#progress = initialProgress(config);
    this.#optimiser = new Adam(network.parameters, { learningRate: config.learningRate });
    this.#steps = new RewardFitSteps(network, this.#optimiser);
    this.#validationPixels = new HeldOutPixels('validation', validation.length);
    this.#testPixels = new HeldOutPixels('test', test.length);
  }

  get done(): boolean {
    const { phase } = this.#progress;
    return this.#only === undefined ? phase === 'done' : phase !== this.#only;
  }

  get progress(): RewardFitProgress {
    return this.#progress;
  }

  /** Each step is one window, to train on, to validate on or to measure. */
  get count(): TrainingCount {
    return rewardFitCount(this.#progress, this.#windows, this.#config.epochs);
  }

  /** @throws DatasetInvalid when no triple is left that can be read; what the source throws. */
  async ready(): Promise<void> {
    if (!this.#triples.fetch) return;
    while (!(await this.#triples.fetch(this.#nextPlace(), this.#windowFrames)));
  }

  /**
   * Processes one window.
   * @throws Diverged when the loss is not finite.
   */
  step(): TrainingStep {
    refuseStepWhenDone(this, 'the reward fit');
    const { phase, step, lossSum } = this.#progress;
    const window = tripleWindow(this.#triples, this.#nextPlace(), this.#windowFrames);
    let loss: number;
    try {
      loss = phase === 'training' ? this.#train(window) : this.#evaluate(window);
    } finally {
      disposeWindow(window);
    }
    if (!Number.isFinite(loss)) {
      throw new DomainError(
        'Diverged',
        `The loss of the reward fit is ${loss} in epoch ${this.#progress.epoch}, step ${step}. Lower ` +
          'its learning rate (rewardFit.learningRate, landmark.fit.learningRate) and start the fit again.',
      );
    }
    this.#progress = { ...this.#progress, step: step + 1, lossSum: lossSum + loss };
    if (this.#progress.step === windowsOfPhase(phase, this.#windows)) this.#finishPhase();
    return { measures: phase === 'training' ? { loss } : { validationLoss: loss } };
  }

  /** The report of a finished fit; nothing before that. */
  get report(): RewardFitReport | undefined {
    const { phase, temperature, testLoss, bestLoss, bestEpoch, history } = this.#progress;
    if (phase !== 'done' || temperature === undefined || testLoss === undefined) return undefined;
    const { logits, correct } = this.#testPixels.foreground;
    const errorAt = (divisor: number) =>
      expectedCalibrationError(
        logits.map((logit) => sigmoid(logit / divisor)),
        correct,
      );
    const { training, validation, test, heldOut } = this.#split;
    return {
      temperature,
      testLoss,
      validationLoss: bestLoss!,
      calibrationErrorUnscaled: errorAt(1),
      calibrationError: errorAt(temperature),
      epochs: history.length,
      bestEpoch,
      triples: { training: training.length, validation: validation.length, test: test.length },
      heldOut,
    };
  }

  state(): TrainingState<RewardFitProgress> {
    return {
      arrays: {
        ...withPrefix('network', this.#network.toArrays()),
        ...withPrefix('optimiser', this.#optimiser.toArrays()),
        ...withPrefix('best', this.#best?.toArrays() ?? {}),
        ...withPrefix('accumulated', this.#steps.waitingArrays()),
        ...this.#validationPixels.toArrays(),
        ...this.#testPixels.toArrays(),
      },
      progress: this.#progress,
    };
  }

  restore({ arrays, progress }: TrainingState<RewardFitProgress>): void {
    const best = withoutPrefix('best', arrays);
    this.#best?.dispose();
    this.#best = undefined;
    if (Object.keys(best).length > 0) {
      this.#network.assign(best);
      this.#best = this.#network.hold();
    }
    this.#network.assign(withoutPrefix('network', arrays));
    this.#optimiser.assign(withoutPrefix('optimiser', arrays));
    this.#optimiser.setLearningRate(progress.learningRate);
    this.#steps.assignWaiting(
      withoutPrefix('accumulated', arrays),
      progress.phase === 'training' ? progress.step % this.#config.accumulation : 0,
    );
    this.#validationPixels.assign(arrays);
    this.#testPixels.assign(arrays);
    this.#progress = progress;
  }

  /** Frees optimiser, recordings and what is held of the weights; the network stays. */
  dispose(): void {
    this.#steps.dispose();
    this.#best?.dispose();
    this.#optimiser.dispose();
  }

  #nextPlace(): TriplePlace {
    const { phase, epoch, step } = this.#progress;
    const { validation, test } = this.#split;
    if (phase === 'training') {
      const order = this.#orderOf(epoch);
      const window = this.#ownWindows[step]!;
      const random = randomStream(this.#seed, 'reward-fit', epoch, window);
      const index = usableTriple(this.#triples, order, window);
      return drawTripleWindow(this.#triples, index, this.#windowFrames, random);
    }
    // The same windows at every epoch, so that losses can be compared.
    const index = usableTriple(this.#triples, phase === 'test' ? test : validation, step);
    const random = randomStream(this.#seed, 'reward-fit-held-out', index);
    return drawTripleWindow(this.#triples, index, this.#windowFrames, random);
  }

  #orderOf(epoch: number): readonly number[] {
    if (this.#order?.epoch !== epoch) {
      const random = randomStream(this.#seed, 'reward-fit-order', epoch);
      this.#order = { epoch, triples: shuffled(this.#split.training, random) };
    }
    return this.#order.triples;
  }

  #train(window: TripleWindow): number {
    const loss = this.#steps.train(window);
    const { accumulation } = this.#config;
    const last = this.#progress.step + 1 === this.#windows.training;
    if (Number.isFinite(loss) && (this.#steps.waiting === accumulation || last)) this.#steps.apply();
    return loss;
  }

  #evaluate(window: TripleWindow): number {
    const { phase } = this.#progress;
    if (phase !== 'calibration' && phase !== 'test') return this.#steps.lossOf(window);
    const { loss, logits } = this.#steps.measure(window);
    const pixels = phase === 'test' ? this.#testPixels : this.#validationPixels;
    pixels.add(logits, window.host.segmentation, window.host.correct);
    return loss;
  }

  #finishPhase(): void {
    const progress = this.#progress;
    const loss = progress.lossSum / progress.step;
    const next = { ...progress, step: 0, lossSum: 0 };
    if (progress.phase === 'training') {
      this.#progress = { ...next, phase: 'validation', trainingLoss: loss };
    } else if (progress.phase === 'validation') {
      this.#progress = recordEpoch(next, loss, this.#config);
      if (this.#progress.bestEpoch === progress.epoch) {
        this.#best?.dispose();
        this.#best = this.#network.hold();
      }
      this.#optimiser.setLearningRate(this.#progress.learningRate);
      // A part of a fit does not have the best weights of the rounds before.
      if (this.#progress.phase === 'calibration') this.#best?.restore();
    } else if (progress.phase === 'calibration') {
      const { logits, correct } = this.#validationPixels.all;
      this.#progress = { ...next, phase: 'test', temperature: fitTemperature(logits, correct) };
    } else {
      this.#progress = { ...next, phase: 'done', testLoss: loss };
    }
  }
}
