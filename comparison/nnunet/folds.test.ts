import { expect, it } from 'vitest';
import { ringClip, ringWindows } from '../rings.fixture.ts';
import { onlyVideos, requirePatients, videosOfFold } from './folds.ts';

const patients = ['c', 'a', 'b', 'a', 'd', 'e', 'b'];

it('leaves each patient out of one fold with all videos, and has them in all others', () => {
  const of = 3;
  const folds = [0, 1, 2].map((index) => videosOfFold(patients, { index, of }, 7));
  for (const [video, patient] of patients.entries()) {
    const without = folds.filter((videos) => !videos.includes(video));
    expect(without).toHaveLength(1);
    for (const other of without[0]!) expect(patients[other]).not.toBe(patient);
  }
  const left = folds.map((videos) => 5 - new Set(videos.map((video) => patients[video])).size);
  expect(left.sort()).toEqual([1, 2, 2]);
});

it('draws folds by the seed, whatever the order of the videos', () => {
  const leftOut = (of: readonly string[], seed: number) => {
    const videos = videosOfFold(of, { index: 0, of: 2 }, seed);
    return [...new Set(of.filter((_, video) => !videos.includes(video)))].sort();
  };
  expect(leftOut([...patients].reverse(), 7)).toEqual(leftOut(patients, 7));
  const draws = Array.from({ length: 20 }, (_, seed) => leftOut(patients, seed).join());
  expect(new Set(draws).size).toBeGreaterThan(3);
});

it('refuses more folds than patients', () => {
  expect(() => requirePatients(patients, 5)).not.toThrow();
  expect(() => requirePatients(['a', 'a', 'b'], 3)).toThrow(/at least 3 patients .* found 2\./);
});

it('shows the videos of a fold under indices of its own', async () => {
  const asked: unknown[] = [];
  const all = {
    ...ringWindows('source', 3, 1),
    fetch: async (...place: readonly unknown[]) => {
      asked.push(place);
    },
  };
  const some = onlyVideos(all, [2, 0]);
  expect(some.count).toBe(2);
  expect(some.window(0, 1, 2)).toEqual(all.window(2, 1, 2));
  expect(some.labels(1, 0, 6)).toEqual(ringClip('source', 1).labels.labels);
  expect([some.frames(0), some.rows(0), some.columns(0)]).toEqual([6, 16, 16]);
  await some.fetch?.([{ video: 0, startFrame: 3 }], 2);
  expect(asked).toEqual([[[{ video: 2, startFrame: 3 }], 2]]);
});
