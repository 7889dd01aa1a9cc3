import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { Heartbeat } from '../../contracts/messages.ts';
import { DomainError } from '../../ground/errors.ts';
import type { Training, TrainingState } from '../../method/training/training.ts';
import { deleteArtefact } from '../../storage/artefacts.ts';
import { type TinyWorld, tinyWorld } from '../../test/orchestration/tiny-run.ts';
import type { ActivityContext } from '../context.ts';
import { Checkpoints } from './checkpoints.ts';
import { trainResumably } from './train-resumably.ts';

const ProgressSchema = z.strictObject({ step: z.int().min(0) });
type Progress = z.infer<typeof ProgressSchema>;

/** Adds up the numbers of its steps; the last two of six only look. */
class Summing implements Training<Progress> {
  readonly progressSchema = ProgressSchema;
  progress: Progress = { step: 0 };
  sum = 0;

  get count() {
    const { step: done } = this.progress;
    return { done, total: 6, phase: done >= 4 ? 'looking' : undefined };
  }

  get done(): boolean {
    return this.progress.step >= 6;
  }

  step() {
    const step = this.progress.step + 1;
    this.sum += step;
    this.progress = { step };
    return { measures: { loss: this.sum, odd: step % 2 === 0 ? Number.NaN : 1 } };
  }

  state(): TrainingState<Progress> {
    return { arrays: { sum: { shape: [1], data: Float32Array.of(this.sum) } }, progress: this.progress };
  }

  restore({ arrays, progress }: TrainingState<Progress>): void {
    this.sum = arrays.sum!.data[0]!;
    this.progress = progress;
  }

  dispose(): void {}
}

const taskOf = <P>(training: Training<P>) => ({
  activity: 'sum',
  folder: 'run/sum/',
  cadence: { checkpointEverySteps: 2, checkpointEverySeconds: 0 },
  inputs: [],
  training,
});

/** A context whose activity is to stop after so many heartbeats. */
function stoppingAfter(world: TinyWorld, beats: number): ActivityContext {
  const controller = new AbortController();
  let seen = 0;
  return {
    ...world.context(controller.signal),
    heartbeat: () => {
      if (++seen === beats) controller.abort(new Error('stop'));
    },
  };
}

describe('a training activity', () => {
  it('goes on from where it was stopped and makes the curve of an uninterrupted one', async () => {
    const whole = await trainResumably(taskOf(new Summing()), tinyWorld().context());
    const world = tinyWorld();
    await expect(trainResumably(taskOf(new Summing()), stoppingAfter(world, 3))).rejects.toThrow('stop');
    const training = new Summing();
    const resumed = await trainResumably(taskOf(training), world.context());
    expect(training.sum).toBe(21);
    expect(resumed.curve).toEqual(whole.curve);
    expect(resumed.curve[1]).toEqual({ step: 2, loss: 3 });
    expect(world.work).toEqual([
      // The checkpoint of step 2 was still being written, and ends with the activity.
      'sum run/sum/ steps 0-3',
      'sum run/sum/ steps 3-4',
      'sum run/sum/ steps 4-6',
    ]);
  });

  it('saves no sooner after the checkpoint before than it is told, but when it is stopped', async () => {
    const world = tinyWorld();
    const seldom = { checkpointEverySteps: 2, checkpointEverySeconds: 3600 };
    const task = () => ({ ...taskOf(new Summing()), cadence: seldom });
    await expect(trainResumably(task(), stoppingAfter(world, 5))).rejects.toThrow('stop');
    expect(world.work).toEqual(['sum run/sum/ steps 0-5']);
    const whole = tinyWorld();
    await trainResumably(task(), whole.context());
    expect(await new Checkpoints(whole.context(), 'run/sum/').newest()).toBeUndefined();
  });

  it('tells how many steps there are, of all, and what they go through', async () => {
    const beats: Heartbeat[] = [];
    const context = { ...tinyWorld().context(), heartbeat: (beat: Heartbeat) => beats.push(beat) };
    await trainResumably(taskOf(new Summing()), context);
    expect(beats.map(({ step, total }) => [step, total])).toEqual(
      [1, 2, 3, 4, 5, 6].map((step) => [step, 6]),
    );
    expect(beats[2]).toEqual({ step: 3, total: 6, loss: 6 });
    expect(beats[4]).toEqual({ step: 5, total: 6, phase: 'looking', loss: 15 });
  });

  it('removes its checkpoints when what is known of it is stored', async () => {
    const world = tinyWorld();
    const { steps, curve, conclude } = await trainResumably(taskOf(new Summing()), world.context());
    const folder = new Checkpoints(world.context(), 'run/sum/');
    expect((await folder.newest())?.step).toBe(6);
    expect((await conclude('run/sum.json', { steps, points: curve }, [])).key).toBe('run/sum.json');
    expect(await folder.newest()).toBeUndefined();
  });

  it('refuses a checkpoint whose progress is of another training, saying which', async () => {
    const world = tinyWorld();
    const json = { training: { epoch: 3 }, curve: [] };
    await new Checkpoints(world.context(), 'run/sum/').save(3, { arrays: {}, json }, []);
    await expect(trainResumably(taskOf(new Summing()), world.context())).rejects.toMatchObject({
      code: 'CheckpointIncompatible',
      message: expect.stringMatching(/step 3 in run\/sum\/.*new run/s),
    });
  });

  it('takes further steps while a checkpoint is written, which holds what the training was then', async () => {
    const world = tinyWorld();
    const training = new Summing();
    const { put } = world.store;
    let puts = 0;
    let release: () => void = () => undefined;
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    world.store.put = async (...given) => {
      if (++puts === 1) await held;
      return put.apply(world.store, given);
    };
    const whole = trainResumably(taskOf(training), world.context());
    await expect.poll(() => training.progress.step).toBe(4);
    // Not beyond the next checkpoint: there is one at a time.
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(training.progress.step).toBe(4);
    release();
    await whole;
    const checkpoints = new Checkpoints(world.context(), 'run/sum/');
    await deleteArtefact(world.store, 'run/sum/checkpoint-00000006.safetensors');
    const { json, arrays } = (await checkpoints.newest())!.state;
    expect(json).toMatchObject({ training: { step: 4 }, curve: { length: 4 } });
    expect(arrays.sum?.data).toEqual(Float32Array.of(10));
  });

  it('fails with what a checkpoint failed with that was written meanwhile, and leaves no write behind', async () => {
    const world = tinyWorld();
    const training = new Summing();
    let writing = 0;
    world.store.put = async () => {
      writing++;
      await new Promise((resolve) => setTimeout(resolve, 20));
      writing--;
      throw new DomainError('StorageUnavailable', 'the store is away');
    };
    await expect(trainResumably(taskOf(training), world.context())).rejects.toThrow('the store is away');
    expect(training.progress.step).toBe(4);
    expect(writing).toBe(0);
  });

  it('ends as told when the checkpoint of that moment cannot be written', async () => {
    const world = tinyWorld();
    world.store.put = async () => {
      throw new DomainError('StorageUnavailable', 'the store is away');
    };
    await expect(trainResumably(taskOf(new Summing()), stoppingAfter(world, 1))).rejects.toThrow('stop');
  });

  it('waits for the data of each step, and saves the steps before when it is stopped or fails while it waits', async () => {
    const whole = await trainResumably(taskOf(new Summing()), tinyWorld().context());
    const world = tinyWorld();
    const failing = new Summing() as Training<Progress>;
    failing.ready = async () => {
      if (failing.progress.step === 3) throw new DomainError('StorageUnavailable', 'the store is away');
    };
    await expect(trainResumably(taskOf(failing), world.context())).rejects.toThrow('the store is away');
    const slow = new Summing() as Training<Progress>;
    const controller = new AbortController();
    slow.ready = async () => {
      if (slow.progress.step === 5) controller.abort(new Error('stop'));
      controller.signal.throwIfAborted();
    };
    await expect(trainResumably(taskOf(slow), world.context(controller.signal))).rejects.toThrow('stop');
    const waits: number[] = [];
    const training = new Summing() as Training<Progress>;
    training.ready = async () => {
      waits.push(training.progress.step);
    };
    expect((await trainResumably(taskOf(training), world.context())).curve).toEqual(whole.curve);
    expect(waits).toEqual([5]);
  });

  it('leaves no checkpoint of a training that diverged', async () => {
    const world = tinyWorld();
    const training = new Summing();
    const step = training.step.bind(training);
    training.step = () => {
      if (training.sum > 6) throw new DomainError('Diverged', 'not a number');
      return step();
    };
    await expect(trainResumably(taskOf(training), world.context())).rejects.toThrow('not a number');
    expect(await new Checkpoints(world.context(), 'run/sum/').newest()).toBeUndefined();
  });
});
