import { expect, test } from 'vitest';
import { dicomFixture } from './dicom.fixture.ts';
import { writeGreyNifti } from './nifti.ts';
import { readVideo, videoFormats } from './read-video.ts';

const geometry = { frames: 1, rows: 2, columns: 2, spacingMm: [1, 1] as const, frameTimeMs: 0 };

test('the reader is chosen by content, whatever the name says', async () => {
  const nifti = writeGreyNifti({ ...geometry, intensities: Float32Array.of(0, 1, 0, 1) });
  expect(await readVideo(nifti, 'clip.dcm')).toMatchObject(geometry);
  const extra = [{ tag: [0x28, 0x301], vr: 'CS', value: 'NO' } as const];
  const dicom = dicomFixture({ ...geometry, extra, pixels: Uint8Array.of(0, 255, 0, 255) });
  expect(await readVideo(dicom, 'clip.nii.gz', { spacingMm: [1, 1] })).toMatchObject(geometry);
});

test('other files are refused with the formats that are known', async () => {
  const text = new TextEncoder().encode('name,view\n');
  for (const [bytes, found] of [
    [text, 'a text file'] as const,
    [Uint8Array.of(0x89, 0x50, 0, 0), 'another format'] as const,
  ]) {
    const error = await readVideo(bytes, 'clip.nii.gz').catch((failure: unknown) => failure);
    expect(error).toMatchObject({ code: 'FormatUnsupported' });
    expect(String(error)).toContain(`clip.nii.gz: expected ${videoFormats.join(' or ')}`);
    expect(String(error)).toContain(found);
  }
});
