import { describe, expect, it } from 'vitest';
import { readDicom } from '../../datasets/dicom/read-dicom.ts';
import { overlayPalette, paintOverlayFrame } from '../../report/overlay-frame.ts';
import { exportedResult, identifiers, ReadBack, recordingFile } from './result.fixture.ts';
import { encodeSecondaryCapture } from './secondary-capture.ts';

const result = exportedResult(recordingFile());
const file = encodeSecondaryCapture(result, [2]);
const read = new ReadBack(file);
const width = read.number('00280011');
const height = read.number('00280010');
const colourAt = (frame: number, y: number, x: number) => [
  ...read
    .bytes('7fe00010')
    .subarray(3 * ((frame * height + y) * width + x))
    .subarray(0, 3),
];

describe('an overlay as a secondary capture', () => {
  it('holds the painted frames in colour, with a border around those that are flagged', () => {
    // A small video is enlarged four times.
    expect([width, height, read.text('00280008')]).toEqual([132, 132, '5']);
    const painted = paintOverlayFrame(result.image, result.labels, 1, 480);
    for (const [y, x] of [
      [66, 66],
      [40, 30],
      [2, 5],
    ] as const) {
      expect(colourAt(1, y, x)).toEqual([...overlayPalette[painted.indices[y * width + x]!]!]);
    }
    expect(colourAt(2, 0, 0)).toEqual([...overlayPalette.at(-1)!]);
    expect(colourAt(3, 0, 0)).not.toEqual(colourAt(2, 0, 0));
  });

  it('plays at the speed of the recording, has its pixel size and refers to it', () => {
    expect(read.text('00181063')).toBe('40');
    expect(read.text('00280030')).toBe('0.125\\0.125');
    expect(read.items('00082112')[0]!.text('00081155')).toBe(identifiers.instance);
    expect([read.text('00100020'), read.text('0020000d')]).toEqual(['P-42', identifiers.study]);
  });

  it('says that something may be written on it, unless the recording says that nothing is', () => {
    expect(read.text('00280301')).toBe('YES');
    const clean = recordingFile([{ tag: [0x28, 0x301], vr: 'CS', value: 'NO' }]);
    expect(new ReadBack(encodeSecondaryCapture(exportedResult(clean), [])).text('00280301')).toBe('NO');
  });

  it('is read by our own reader, at the same time and pixel size', async () => {
    const video = await readDicom(file, 'a.overlay.dcm', { force: ['burned-in-text'] });
    expect(video).toMatchObject({
      frames: 5,
      rows: 132,
      columns: 132,
      frameTimeMs: 40,
      spacingMm: [0.125, 0.125],
    });
    const [red, green, blue] = colourAt(1, 66, 66) as [number, number, number];
    const luma = Math.round(0.299 * red + 0.587 * green + 0.114 * blue) / 255;
    expect(video.intensities[(132 + 66) * 132 + 66]).toBeCloseTo(luma, 5);
  });
});
