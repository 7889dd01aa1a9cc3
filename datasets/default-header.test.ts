import { describe, expect, it } from 'vitest';
import type { LabelVideo } from '../imaging/image.ts';
import { readConfidenceMap } from './confidence-map.ts';
import { noGeometryNote } from './default-header.ts';
import { metaImageFixture } from './metaimage.fixture.ts';
import { niftiFixture } from './nifti.fixture.ts';
import { readLabelFile, type TargetGrid, writeLabelNifti } from './nifti.ts';
import { type NiftiLayout, plainLayout } from './nifti-layout.ts';
import { readMask } from './read-mask.ts';

const [frames, rows, columns] = [3, 4, 5];
const values = Array.from({ length: frames * rows * columns }, (_, i) => Number(i % 7 === 0));
const video: TargetGrid = { frames, rows, columns, spacingMm: [0.3, 0.4], frameTimeMs: 30 };
const plain = plainLayout(video);
/** The video as a NIfTI file of each convention, and one of a format without a place. */
const videos: Readonly<Record<string, TargetGrid>> = {
  'a NIfTI video': { ...video, layout: plain },
  'a NIfTI video of ITK': {
    ...video,
    layout: { ...plain, sform: plain.sform.map((value, i) => (i === 0 || i === 5 ? -value : value)) },
  },
  'a video of another format': video,
};

/** A mask as it is written where nobody says where it lies, or with another matrix. */
function maskWith(changes: Partial<NiftiLayout>, grid: Partial<LabelVideo> = {}): Uint8Array {
  const unplaced = { ...video, spacingMm: [1, 1] as const, frameTimeMs: 1000, ...grid };
  const labels = Uint8Array.from(values).slice(0, unplaced.frames * unplaced.rows * unplaced.columns);
  return writeLabelNifti({ ...unplaced, labels }, { ...plainLayout(unplaced), ...changes });
}

const identityOfItk = [-1, 0, 0, 0, 0, -1, 0, 0, 0, 0, 1, 0];
const headers: Readonly<Record<string, Uint8Array>> = {
  'the identity of NIfTI': maskWith({ units: 0 }),
  'the identity of ITK': maskWith({ sform: identityOfItk }),
  'no matrix': maskWith({ sformCode: 0, units: 0 }),
  'pixels of no size': niftiFixture({ dims: [columns, rows, frames], pixdim: [], units: 0, values }),
  'MetaImage of ITK': metaImageFixture({
    dims: [columns, rows, frames],
    spacing: [1, 1, 1],
    more: { TransformMatrix: '1 0 0 0 1 0 0 0 1', Offset: '0 0 0' },
    pixels: Uint8Array.from(values),
  }),
};

describe('a mask whose header was never told its geometry', () => {
  describe.each(Object.entries(headers))('with %s', (_, bytes) => {
    it.each(Object.entries(videos))('has that of %s, pixel by pixel, and says so once', async (_, target) => {
      const notes: string[] = [];
      for (let time = 0; time < 2; time++) {
        const mask = await readMask(bytes, 'm', target, { notes });
        expect([...mask.labels]).toEqual(values);
        expect(mask).toMatchObject({ spacingMm: [0.3, 0.4], frameTimeMs: 30 });
      }
      expect(notes).toEqual([noGeometryNote]);
    });
  });

  it.each([
    ['frames', { frames: 2 }, '2 frames of 4 x 5 pixels of 1 x 1 mm'],
    ['rows', { rows: 3 }, '3 frames of 3 x 5 pixels of 1 x 1 mm'],
    ['columns', { columns: 4 }, '3 frames of 4 x 4 pixels of 1 x 1 mm'],
  ])('is refused where it has other %s: it is of another picture', async (_, grid, found) => {
    const notes: string[] = [];
    const reading = readMask(maskWith({ sform: identityOfItk }, grid), 'm', videos['a NIfTI video']!, {
      notes,
    });
    await expect(reading).rejects.toThrow(`found ${found}`);
    expect(notes).toEqual([]);
  });

  it('holds for a confidence map too', () => {
    const map = readConfidenceMap(maskWith({ sform: identityOfItk }), 'm', videos['a NIfTI video']!);
    expect([...map.intensities]).toEqual(values);
    expect(map.spacingMm).toEqual([0.3, 0.4]);
  });
});

describe('a mask that states a geometry is believed, and refused where it is not that of its video', () => {
  it.each([
    ['pixels of another size', maskWith({}, { spacingMm: [0.5, 0.5] })],
    ['pixels of 1 mm that lie elsewhere', maskWith({ sform: [1, 0, 0, 7, 0, 1, 0, 0, 0, 0, 1, 0] })],
    [
      'pixels of 1 mm in rows that run the other way',
      maskWith({ sform: [1, 0, 0, 0, 0, -1, 0, 0, 0, 0, 1, 0] }),
    ],
    ['pixels of 1 m', maskWith({ units: 1 })],
  ])('%s', async (_, bytes) => {
    const notes: string[] = [];
    await expect(readMask(bytes, 'm', videos['a NIfTI video']!, { notes })).rejects.toMatchObject({
      code: expect.stringMatching(/GeometryMismatch|DatasetInvalid/),
    });
    expect(notes).toEqual([]);
  });

  it('where the video itself has pixels of 1 mm, also by the identity of ITK', async () => {
    const ofMillimetres = { ...video, spacingMm: [1, 1] as const };
    const target = { ...ofMillimetres, layout: plainLayout(ofMillimetres) };
    await expect(readMask(maskWith({ sform: identityOfItk }), 'm', target)).rejects.toThrow(
      'columns reversed',
    );
  });
});

it('a file that is read alone has what its header says', () => {
  const alone = readLabelFile(maskWith({}), 'm', {
    given: { frameTimeMs: 30, force: ['frame-time-conflict'] },
  });
  expect(alone.labels.spacingMm).toEqual([1, 1]);
});
