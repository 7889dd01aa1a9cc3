/**
 * Small public files of kinds that users bring, other than DICOM, where they are at hand: each gives what is right
 * for it.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { checkContent } from './content.ts';
import { readVideo } from './read-video.ts';

const folder = join(import.meta.dirname, '..', '..', 'shared', 'data', 'cases');
const present = existsSync(folder);
if (!present) console.warn('cases: skipped, the files are not on this machine');

describe.skipIf(!present)('files of kinds that users bring', () => {
  test.each([
    ['nifti-3d-anatomical.nii', 25, 'frame-time'],
    ['nifti-minimal.nii.gz', 10, 'frame-time'],
    ['nifti-orient-LAS.nii.gz', 67, 'frame-time'],
    ['metaimage-mha.mha', 37, 'frame-time'],
  ] as const)('%s is read, and refused as a volume', async (name, frames, reason) => {
    const video = await readVideo(readFileSync(join(folder, name)), name);
    expect(video.frames).toBe(frames);
    expect(video.facts.keptLevels).toBeGreaterThanOrEqual(0.5 * video.facts.distinctLevels);
    expect(checkContent(video).filter(({ severity }) => severity === 'error')).toContainEqual(
      expect.objectContaining({ reason }),
    );
  });

  test('numbers of a volume are scaled from its least to its greatest value', async () => {
    const { facts } = await readVideo(readFileSync(join(folder, 'nifti-3d-anatomical.nii')), 'v');
    expect(facts.scaling).toEqual({ kind: 'range', low: -610, high: 30_393 });
    expect(facts).toMatchObject({ sourceBits: 16, distinctLevels: facts.keptLevels });
  });

  test.each([
    ['pair-ras.hdr', /one of a pair .*single file/],
    ['pair-ras.img', /one of a pair .*single file/],
  ])('%s is refused: one of a pair', async (name, message) => {
    await expect(readVideo(readFileSync(join(folder, name)), name)).rejects.toThrow(message);
  });
});
