import { expect, it } from 'vitest';
import { refusalToLearn } from './enough-to-learn-from.ts';

const counts = (kept: number, corrected: number, rejected: number) => ({
  kept,
  corrected,
  rejected,
  triples: 7 * kept + corrected,
});

it('goes on with as many kept or corrected videos as are asked for', () => {
  expect(refusalToLearn([counts(3, 1, 28)], 4)).toBeUndefined();
  expect(refusalToLearn([counts(0, 0, 32)], 0)).toBeUndefined();
});

it('refuses with the counts, the setting and what to do', () => {
  const refusal = refusalToLearn([counts(2, 1, 29)], 4)!;
  expect(refusal).toMatchObject({ usable: 3, labelled: 32 });
  expect(refusal.message).toMatch(/of 32 labelled target videos .* of 2 was kept .* of 1 corrected/);
  expect(refusal.message).toContain('labelling.minimumVideos');
  expect(refusal.message).toContain('augmentation');
});

it('counts the videos of earlier iterations too, as rewards are fitted on all of them', () => {
  expect(refusalToLearn([counts(3, 1, 28), counts(0, 0, 32)], 4)).toBeUndefined();
});

it('refuses a sweep of which every video was unusable', () => {
  expect(refusalToLearn([counts(0, 0, 0)], 1)).toMatchObject({ usable: 0, labelled: 0 });
});
