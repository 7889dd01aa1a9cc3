import { describe, expect, it } from 'vitest';
import { type Plan, PlanSchema } from '../contracts/documents.ts';
import { type RunConfigInput, RunConfigSchema } from '../contracts/run-config.ts';
import { makePlan, type PlannedVideo, shardOf, sizeOf, sweepOf } from './plan.ts';

const configOf = (changes: Partial<RunConfigInput> = {}) =>
  RunConfigSchema.parse({
    source: 'clinic-a',
    target: 'clinic-b',
    iterations: 3,
    sweep: { videosPerIteration: 4, videosPerShard: 3 },
    ...changes,
  });

function videos(count: number, split: PlannedVideo['split'], labelled = false): PlannedVideo[] {
  return Array.from({ length: count }, (_, i) => ({
    id: `${split}-${labelled ? 'labelled-' : ''}${i}`,
    study: `study-${Math.floor(i / 2)}`,
    split,
    labelled,
  }));
}

const source = [...videos(3, 'train', true), ...videos(2, 'train'), ...videos(1, 'val', true)];
const target = [...videos(5, 'train'), ...videos(1, 'pred'), ...videos(3, 'val'), ...videos(2, 'test')];
const plan: Plan = makePlan(configOf(), { source, target });

describe('the plan of a run', () => {
  it('trains on annotated videos of the source alone, and knows their studies', () => {
    expect(plan.source.train).toEqual(['train-labelled-0', 'train-labelled-1', 'train-labelled-2']);
    expect(plan.source.validation).toEqual(['val-labelled-0']);
    expect(plan.source.studies).toEqual({
      'train-labelled-0': 'study-0',
      'train-labelled-1': 'study-0',
      'train-labelled-2': 'study-1',
    });
  });

  it('takes references that know some frames or structures alone, but not for learning landmarks', () => {
    const partial = { ...source[0]!, annotatedFrames: [0, 7] };
    const learning = { source: [partial, ...source.slice(1)], target };
    const landmark = (enabled: boolean) => configOf({ landmark: { enabled } });
    expect(makePlan(landmark(false), learning).source.train).toContain(partial.id);
    expect(() => makePlan(landmark(true), learning)).toThrow(/1 video .* landmark\.enabled/);
    const ventricle = videos(2, 'test', true).map((video) => ({ ...video, annotatedLabels: [1] }));
    expect(makePlan(configOf(), { source, target: [...target, ...ventricle] }).test.flat()).toHaveLength(2);
  });

  it('goes on with the target where the iteration before ended, until every video was seen', () => {
    expect(plan.sweeps.map((sweep) => sweep.map((shard) => shard.length))).toEqual(Array(3).fill([3, 1]));
    const order = plan.sweeps.flat(2);
    expect(new Set(order.slice(0, 6)).size).toBe(6);
    expect(order.slice(6)).toEqual(order.slice(0, 6));
  });

  it('is the same for the same configuration and datasets, another for another seed', () => {
    expect(makePlan(configOf(), { source, target })).toEqual(plan);
    expect(makePlan(configOf({ seed: 1 }), { source, target }).sweeps).not.toEqual(plan.sweeps);
    expect(PlanSchema.parse(JSON.parse(JSON.stringify(plan)))).toEqual(plan);
  });

  it('scores the annotated test videos alone where there are any', () => {
    expect(plan.test.flat()).toEqual(['test-0', 'test-1']);
    const some = makePlan(configOf(), { source, target: [...target, ...videos(1, 'test', true)] });
    expect(some.test.flat()).toEqual(['test-labelled-0']);
  });

  it('scores none where another does', () => {
    const sweep = { videosPerIteration: 4, videosPerShard: 3, scoreTest: false };
    expect(makePlan(configOf({ sweep }), { source, target })).toEqual({ ...plan, test: [] });
  });

  it('holds as many validation videos as fine-tuning scores, or a tenth of a sweep', () => {
    const many = [...target, ...videos(40, 'val')];
    const few = makePlan(configOf({ ppo: { validationVideos: 2 } }), { source, target: many });
    expect(few.validation.flat()).toHaveLength(2);
    const sweep = { videosPerIteration: 250, videosPerShard: 3 };
    const tenth = makePlan(configOf({ ppo: { validationVideos: 2 }, sweep }), { source, target: many });
    expect(tenth.validation.flat()).toHaveLength(25);
  });

  it('cuts a sweep of any size into shards of the size that was asked for', () => {
    const sweep = { videosPerIteration: 4001, videosPerShard: 2 };
    const { sweeps } = makePlan(configOf({ sweep, iterations: 1 }), {
      source,
      target: videos(4001, 'train'),
    });
    expect(sizeOf(sweeps[0]!)).toEqual({ shards: 2001, videos: 4001 });
  });

  it('refuses a source without annotations, unless nothing learns from them', () => {
    const unlabelled = videos(2, 'train');
    expect(() => makePlan(configOf(), { source: unlabelled, target })).toThrow(/clinic-a.*2 rows/);
    const given = {
      initialPolicy: 'models/x',
      autoencoder: { enabled: false },
      landmark: { enabled: false },
    };
    expect(makePlan(configOf(given), { source: unlabelled, target }).source.train).toEqual([]);
    const learning: Partial<RunConfigInput>[] = [
      { autoencoder: { enabled: true } },
      { inference: { completion: { enabled: true } } },
      { ppo: { objective: 'group', sourceWindows: 1 } },
    ];
    for (const one of learning) {
      expect(() => makePlan(configOf({ ...given, ...one }), { source: unlabelled, target })).toThrow(
        expect.objectContaining({ code: 'DatasetInvalid' }),
      );
    }
    const published = configOf({ ...given, ppo: { sourceWindows: 1 } });
    expect(makePlan(published, { source: unlabelled, target }).source.train).toEqual([]);
  });

  it('refuses a target without a video to adapt to', () => {
    expect(() => makePlan(configOf(), { source, target: videos(3, 'test') })).toThrow(/of its 3 videos none/);
  });
});

describe('a part of a plan', () => {
  it('is the videos of a shard or of a whole sweep', () => {
    expect(sweepOf(plan, 2)).toEqual(plan.sweeps[1]!.flat());
    expect(shardOf(plan, { split: 'target', iteration: 1, shard: 1 })).toEqual(plan.sweeps[0]![1]);
    expect(shardOf(plan, { split: 'test', iteration: 7, shard: 0 })).toEqual(['test-0', 'test-1']);
  });

  it('is refused when the plan has no such part', () => {
    const invalid = expect.objectContaining({ code: 'ConfigInvalid' });
    expect(() => sweepOf(plan, 4)).toThrow(invalid);
    expect(() => shardOf(plan, { split: 'target', iteration: 1, shard: 2 })).toThrow(invalid);
  });
});
