import { describe, expect, it } from 'vitest';
import type { LabelVideo } from '../../imaging/image.ts';
import { type VideoMeasures, videoMeasures } from '../../metrics/video-measures.ts';
import { codeIn, exportedResult, identifiers, ReadBack, recordingFile } from './result.fixture.ts';
import { encodeStructuredReport } from './structured-report.ts';

const result = exportedResult(recordingFile());
const measured = videoMeasures(result.labels);
const valid: VideoMeasures = {
  ...measured,
  anatomicallyValid: true,
  temporallyValidAtFrameRate: true,
  meanUncertainty: 0.125,
  frames: measured.frames.map((frame) => ({
    ...frame,
    anatomicalFailure: undefined,
    temporalFlagsAtFrameRate: [],
  })),
};
const measures: VideoMeasures = {
  ...valid,
  anatomicallyValid: false,
  frames: valid.frames.map((frame, t) => (t === 1 ? { ...frame, anatomicalFailure: 'holesInLv' } : frame)),
};
const read = new ReadBack(encodeStructuredReport(result, measures));

const content = (item: ReadBack) => item.items('0040a730');
const nameOf = (item: ReadBack) => codeIn(item, '0040a043');
const named = (items: readonly ReadBack[], name: string) => items.find((item) => nameOf(item) === name);

const commentIn = (report: ReadBack) =>
  named(content(named(content(report), '121070 DCM')!), '121106 DCM')!.text('0040a160');

interface Found {
  readonly value: number;
  readonly unit: string;
  readonly frame: number | undefined;
}

function numbersOf(report: ReadBack): Map<string, Found> {
  const findings = named(content(report), '121070 DCM')!;
  const group = named(content(findings), '125007 DCM')!;
  return new Map(
    content(group).flatMap((item) => {
      if (item.text('0040a040') !== 'NUM') return [];
      const [measured] = item.items('0040a300');
      const source = named(content(item), '121112 DCM')?.items('00081199')[0];
      const value = Number(measured!.text('0040a30a'));
      const frame = source && Number(source.text('00081160'));
      return [[nameOf(item), { value, unit: codeIn(measured!, '004008ea'), frame }]];
    }),
  );
}

describe('measures as a structured report', () => {
  it('are numbers with units, and the frame they were taken from', () => {
    const numbers = numbersOf(read);
    const { edFrame, esFrame, frames } = measures;
    expect(edFrame).not.toBe(esFrame);
    expect(numbers.get('18026-5 LN')).toEqual({
      value: Number(measures.edVolumeMl!.toPrecision(6)),
      unit: 'mL UCUM',
      frame: edFrame + 1,
    });
    expect(numbers.get('18148-7 LN')).toMatchObject({ unit: 'mL UCUM', frame: esFrame + 1 });
    const fraction = numbers.get('18043-0 LN')!;
    expect(fraction.value).toBeCloseTo(100 * measures.ejectionFraction!, 3);
    expect(fraction).toMatchObject({ unit: '% UCUM', frame: undefined });
    const area = numbers.get('399109006 SCT')!;
    expect(area.value).toBeCloseTo(frames[edFrame]!.lvAreaMm2 / 100, 4);
    expect(area.unit).toBe('cm2 UCUM');
    expect(numbers.get('18077-8 LN')).toMatchObject({ unit: 'mm UCUM' });
    expect(numbers.get('uncertainty 99ECHOLOOP')).toMatchObject({ value: 0.125, unit: '1 UCUM' });
  });

  it('say their method, their observer and that nobody has reviewed them', () => {
    const findings = named(content(read), '121070 DCM')!;
    const group = content(named(content(findings), '125007 DCM')!);
    expect(codeIn(named(group, '399264008 SCT')!, '0040a168')).toBe('399064001 SCT');
    const volume = content(named(group, '18026-5 LN')!);
    expect(codeIn(named(volume, '370129005 SCT')!, '0040a168')).toBe('125208 DCM');
    expect(named(content(read), '121013 DCM')!.text('0040a160')).toBe('Echoloop 1.2.3');
    expect(read.text('0040a493')).toBe('UNVERIFIED');
  });

  it('say whether the segmentation is valid, and where to look', () => {
    expect(commentIn(read)).toContain('without review');
    expect(commentIn(read)).toContain('not valid: look at frame 2.');
    const sound = new ReadBack(encodeStructuredReport(result, valid));
    expect(commentIn(sound)).toContain('valid in all frames');
  });

  it('belong to the recording and list it as evidence', () => {
    const [evidence] = read.items('0040a375');
    expect(evidence!.text('0020000d')).toBe(identifiers.study);
    const [series] = evidence!.items('00081115');
    expect(series!.items('00081199')[0]!.text('00081155')).toBe(identifiers.instance);
    expect(read.text('00100010')).toBe('DOE^JANE');
  });

  it('leave out what could not be measured', () => {
    const { labels } = result;
    const reportOf = (changed: LabelVideo) =>
      new ReadBack(encodeStructuredReport({ ...result, labels: changed }, videoMeasures(changed)));
    const empty = { ...labels, labels: labels.labels.map(() => 0) };
    expect([...numbersOf(reportOf(empty)).keys()]).toEqual([]);
    const ventricleAlone = { ...labels, labels: labels.labels.map((label) => (label === 1 ? 1 : 0)) };
    expect([...numbersOf(reportOf(ventricleAlone)).keys()]).toEqual(['399109006 SCT', '399030000 SCT']);
  });

  it('say nothing of end diastole and end systole where the recording does not show both', () => {
    const first = result.labels.labels.slice(0, result.labels.rows * result.labels.columns);
    const still = { ...result.labels, frames: 1, labels: first };
    const report = new ReadBack(encodeStructuredReport({ ...result, labels: still }, videoMeasures(still)));
    expect([...numbersOf(report).keys()]).toEqual([]);
    expect(commentIn(report)).toContain('cannot be told apart');
  });

  it('say which frames lost their ventricle, and measure end systole in another one', () => {
    const { labels } = result;
    const pixels = labels.rows * labels.columns;
    const torn = { ...labels, labels: labels.labels.slice().fill(0, pixels, 2 * pixels) };
    const found = videoMeasures(torn);
    expect(found.esFrame).not.toBe(1);
    const report = new ReadBack(encodeStructuredReport({ ...result, labels: torn }, found));
    expect(commentIn(report)).toContain('No ventricle was found in frame 2:');
    const empty = { ...labels, labels: new Uint8Array(labels.labels.length) };
    const nothing = new ReadBack(encodeStructuredReport({ ...result, labels: empty }, videoMeasures(empty)));
    expect(commentIn(nothing)).toContain('No ventricle was found in any frame.');
  });
});
