/**
 * How people steer a running adaptation: pause, resume, stop, setConcurrency. Pausing and stopping interrupt the
 * activities in flight; those are idempotent and resume from their checkpoints, so an interrupted one is simply
 * called again.
 */
import {
  CancellationScope,
  type ChildWorkflowHandle,
  condition,
  defineSignal,
  defineUpdate,
  setHandler,
  type Workflow,
} from '@temporalio/workflow';
import type { SteeringState } from '../contracts/messages.ts';
import { stageSignals, steeringNames } from '../contracts/names.ts';
import { fleetFollowing } from '../temporal.config.ts';

export const pauseUpdate = defineUpdate<void>(steeringNames.pause);
export const resumeUpdate = defineUpdate<void>(steeringNames.resume);
export const stopUpdate = defineUpdate<void>(steeringNames.stop);
/** Shards in flight at once, 1 to 1000, or as many as the compute workers need. */
export const setConcurrencyUpdate = defineUpdate<void, [number | 'auto']>(steeringNames.setConcurrency);

/** From the workflow that started this one: how it is steered from now on. */
const steerSignal = defineSignal<[SteeringState]>(stageSignals.steer);

/** Thrown by `interruptible` and `goOn` once the run is to end early with what it has. */
export class Stopped extends Error {
  constructor() {
    super('The run was stopped by request.');
    this.name = 'Stopped';
  }
}

export interface Steering {
  readonly state: SteeringState;
  /** Shards in flight at once. */
  concurrency(): number;
  /** How many there may be as long as nobody says a number. */
  allow(shards: number): void;
  /** Registers the updates, those that came before included. */
  accept(): void;
  /** Takes over how the workflow is steered that started this one, whenever it says so. */
  obey(): void;
  /** Has a child obey from now on, until the returned function is called. @param told what it was started with */
  lead(child: ChildWorkflowHandle<Workflow>, told: SteeringState): () => void;
  /** Calls the listener after each change, until the returned function is called. */
  onChange(listener: () => void): () => void;
  /** Waits while paused. @throws Stopped once `stop` was asked for. */
  goOn(): Promise<void>;
  /** Runs the work; a pause cancels it and runs it again on resume. @throws Stopped once `stop` was asked for. */
  interruptible<Result>(work: () => Promise<Result>): Promise<Result>;
}

export function openSteering(initial: SteeringState): Steering {
  let state = initial;
  let allowed: number = fleetFollowing.shardsAtFirst;
  const listeners = new Set<() => void>();
  const scopes = new Set<CancellationScope>();
  const interrupted = new Set<CancellationScope>();

  const change = (next: SteeringState): void => {
    state = next;
    if (state.paused || state.stopping) {
      for (const scope of scopes) {
        interrupted.add(scope);
        scope.cancel();
      }
    }
    for (const listener of listeners) listener();
  };

  const onChange = (listener: () => void): (() => void) => {
    listeners.add(listener);
    return () => listeners.delete(listener);
  };
  const goOn = async (): Promise<void> => {
    await condition(() => !state.paused);
    if (state.stopping) throw new Stopped();
  };

  return {
    get state() {
      return state;
    },
    concurrency: () => state.concurrency ?? allowed,
    allow(shards) {
      allowed = shards;
    },
    obey: () => setHandler(steerSignal, change),
    lead(child, told) {
      const tell = (): void => {
        // One that has just ended needs no orders.
        child.signal(steerSignal, state).catch(() => undefined);
      };
      if (state !== told) tell();
      return onChange(tell);
    },
    onChange,
    goOn,
    accept() {
      setHandler(pauseUpdate, () => change({ ...state, paused: true }), {
        // It would wait for ever, and be shown as about to end.
        validator: () => {
          if (state.stopping)
            throw new Error('It is stopping already, with what it has; it cannot be paused.');
        },
      });
      setHandler(resumeUpdate, () => change({ ...state, paused: false }));
      setHandler(stopUpdate, () => change({ ...state, stopping: true, paused: false }));
      setHandler(setConcurrencyUpdate, (asked) => change(withConcurrency(state, asked)), {
        validator: refuseConcurrency,
      });
    },
    async interruptible(work) {
      for (;;) {
        await goOn();
        const scope = new CancellationScope();
        scopes.add(scope);
        try {
          return await scope.run(work);
        } catch (error) {
          // How interrupted work ends does not matter, be it by its worker's death: it is called again, or not wanted
          // any more. A cancellation that did not come from here is the whole workflow's.
          if (!interrupted.has(scope)) throw error;
        } finally {
          scopes.delete(scope);
          interrupted.delete(scope);
        }
      }
    },
  };
}

function withConcurrency(state: SteeringState, asked: number | 'auto'): SteeringState {
  const { concurrency: _, ...rest } = state;
  return asked === 'auto' ? rest : { ...rest, concurrency: asked };
}

function refuseConcurrency(asked: number | 'auto'): void {
  if (asked === 'auto' || (Number.isInteger(asked) && asked >= 1 && asked <= 1000)) return;
  throw new Error(`setConcurrency takes a whole number from 1 to 1000, or "auto", not ${asked}.`);
}
