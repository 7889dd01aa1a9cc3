/** The published objective as fine-tuning uses it (method.md 6.1): the first draws may be for the critic alone. */
import type { PpoConfig } from '../../contracts/run-config.ts';
import type { Learners } from './learners.ts';
import type { Draw, Objective } from './objective.ts';
import type { WindowUpdate } from './policy-update.ts';
import { PpoUpdate, type PpoUpdateOptions, type UpdateMetrics } from './update.ts';

export interface PublishedObjectiveOptions extends Omit<PpoUpdateOptions, 'learners'> {
  readonly learners: Learners;
  readonly config: PpoUpdateOptions['config'] & Pick<PpoConfig, 'criticWarmupWindows'>;
}

export class PublishedObjective implements Objective {
  readonly #update: PpoUpdate;
  readonly #warmup: number;

  /** @throws DomainError ConfigInvalid without a critic. */
  constructor({ learners, ...options }: PublishedObjectiveOptions) {
    const { policy, policyOptimiser, withCritic } = learners;
    this.#update = new PpoUpdate({ ...options, learners: { policy, policyOptimiser, ...withCritic } });
    this.#warmup = options.config.criticWarmupWindows;
  }

  /** It reads nothing else. */
  async ready(): Promise<void> {}

  update({ step, window, surroundings, coefficients }: Draw): WindowUpdate<UpdateMetrics> {
    return this.#update.run({ window, surroundings, coefficients, criticOnly: step < this.#warmup });
  }

  dispose(): void {
    this.#update.dispose();
  }
}
