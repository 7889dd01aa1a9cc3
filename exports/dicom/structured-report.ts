/**
 * The measures of a segmentation as a structured report (Comprehensive SR), in the order of the standard's adult
 * echocardiography report (PS3.16 TID 5200): findings of the left ventricle, each a number with its unit, its method
 * and the frame it was taken from. What could not be measured is left out.
 */
import { showsBothPhases } from '../../metrics/clinical.ts';
import { flaggedFrames, type VideoMeasures } from '../../metrics/video-measures.ts';
import type { ConceptName } from './coded-concepts.ts';
import { code, container, image, measurement, text, uid } from './content-items.ts';
import { type Dataset, encodeDicom, uidOf } from './dataset.ts';
import { derivedObject, type ExportedResult, referencedInstance } from './derived-object.ts';

const kind = {
  sopClass: '1.2.840.10008.5.1.4.1.1.88.33',
  modality: 'SR',
  seriesNumber: 903,
  description: 'Echoloop: measures of the left ventricle',
} as const;

interface Value {
  readonly name: ConceptName;
  readonly value: number | undefined;
  readonly unit: ConceptName;
  /** Frame that it was taken from, from 0; of measures of one frame. */
  readonly frame?: number;
  readonly byDiscs?: boolean;
}

function valuesOf(measures: VideoMeasures): readonly Value[] {
  const uncertainty: Value = { name: 'meanUncertainty', value: measures.meanUncertainty, unit: 'one' };
  return showsBothPhases(measures) ? [...phaseValuesOf(measures), uncertainty] : [uncertainty];
}

/** A structure that was not segmented has no area. */
function phaseValuesOf(measures: VideoMeasures): readonly Value[] {
  const { edFrame, esFrame, frames } = measures;
  const [ed, es] = [frames[edFrame]!, frames[esFrame]!];
  const percent = (share: number | undefined) => share && 100 * share;
  const cm2 = (mm2: number) => (mm2 > 0 ? mm2 / 100 : undefined);
  return [
    { name: 'endDiastolicVolume', value: ed.lvVolumeMl, unit: 'millilitre', frame: edFrame, byDiscs: true },
    { name: 'endSystolicVolume', value: es.lvVolumeMl, unit: 'millilitre', frame: esFrame, byDiscs: true },
    {
      name: 'ejectionFraction',
      value: percent(measures.ejectionFraction),
      unit: 'percent',
      byDiscs: true,
    },
    { name: 'diastolicLength', value: ed.lvLengthMm, unit: 'millimetre', frame: edFrame },
    { name: 'systolicLength', value: es.lvLengthMm, unit: 'millimetre', frame: esFrame },
    { name: 'diastolicArea', value: cm2(ed.lvAreaMm2), unit: 'squareCentimetre', frame: edFrame },
    { name: 'systolicArea', value: cm2(es.lvAreaMm2), unit: 'squareCentimetre', frame: esFrame },
    { name: 'diastolicMyocardialArea', value: cm2(ed.myoAreaMm2), unit: 'squareCentimetre', frame: edFrame },
    { name: 'systolicMyocardialArea', value: cm2(es.myoAreaMm2), unit: 'squareCentimetre', frame: esFrame },
    { name: 'longitudinalStrain', value: percent(measures.gls), unit: 'percent' },
  ];
}

/** The bytes of the file. */
export function encodeStructuredReport(result: ExportedResult, measures: VideoMeasures): Uint8Array {
  const { source } = result;
  const object = derivedObject(result, kind);
  const reference = referencedInstance(result);
  const values = valuesOf(measures).flatMap(({ name, value, unit, frame, byDiscs }) => {
    if (value === undefined) return [];
    const method = byDiscs ? [code('HAS CONCEPT MOD', 'measurementMethod', 'discsOfOnePlane')] : [];
    const taken = reference && frame !== undefined ? [image(reference, frame)] : [];
    return [measurement(name, value, unit, [...method, ...taken])];
  });
  const mode = code('HAS CONCEPT MOD', 'imageMode', 'twoDimensional');
  const group = container('measurementGroup', [mode, ...values]);
  const findings = container('findings', [
    code('HAS CONCEPT MOD', 'findingSite', 'leftVentricle'),
    group,
    text('CONTAINS', 'comment', verdict(measures)),
  ]);
  const { RelationshipType: _, ...report } = container('echocardiographyReport', [
    code('HAS CONCEPT MOD', 'language', 'english'),
    ...observer(result.version),
    findings,
  ]);
  return encodeDicom({
    ...object,
    ...report,
    ContentTemplateSequence: [{ MappingResource: 'DCMR', TemplateIdentifier: '5200' }],
    ReferencedPerformedProcedureStepSequence: [],
    PerformedProcedureCodeSequence: [],
    CompletionFlag: 'COMPLETE',
    VerificationFlag: 'UNVERIFIED',
    CodingSchemeIdentificationSequence: [
      {
        CodingSchemeDesignator: '99ECHOLOOP',
        CodingSchemeName: 'Measures of Echoloop that no standard code stands for',
      },
    ],
    ...(reference &&
      source?.instance && {
        CurrentRequestedProcedureEvidenceSequence: [
          {
            StudyInstanceUID: object.StudyInstanceUID,
            ReferencedSeriesSequence: [
              {
                SeriesInstanceUID: source.instance.seriesInstanceUid,
                ReferencedSOPSequence: [reference],
              },
            ],
          },
        ],
      }),
  });
}

function observer(version: string): Dataset[] {
  const context = 'HAS OBS CONTEXT';
  return [
    code(context, 'observerType', 'device'),
    uid(context, 'deviceUid', uidOf('echoloop', version)),
    text(context, 'deviceName', `Echoloop ${version}`),
    text(context, 'deviceManufacturer', 'Echoloop'),
    text(context, 'deviceModel', 'Echoloop'),
  ];
}

/** What has to be known beside the numbers: whether the segmentation holds, and what it is not for. */
function verdict(measures: VideoMeasures): string {
  const { anatomicallyValid, temporallyValidAtFrameRate } = measures;
  const flagged = flaggedFrames(measures).map((frame) => frame + 1);
  const where = flagged.length > 0 ? `: look at ${frameList(flagged)}` : '';
  return [
    'Measured by a neural network, without review. Research software, not for diagnosis.',
    ...phaseTexts(measures),
    anatomicallyValid && temporallyValidAtFrameRate
      ? 'The segmentation is anatomically and temporally valid in all frames.'
      : `The segmentation is not valid${where}.`,
  ].join(' ');
}

function phaseTexts(measures: VideoMeasures): string[] {
  const { frames, edFrame, esFrame, lostFrames } = measures;
  if (lostFrames.length === frames.length) return ['No ventricle was found in any frame.'];
  return [
    showsBothPhases(measures)
      ? `End diastole is frame ${edFrame + 1}, end systole frame ${esFrame + 1} of ${frames.length}.`
      : 'The ventricle is of one size throughout: end diastole and end systole cannot be told apart.',
    ...(lostFrames.length > 0
      ? [
          `No ventricle was found in ${frameList(lostFrames.map((frame) => frame + 1))}: neither was looked for there.`,
        ]
      : []),
  ];
}

const mostListed = 20;

function frameList(frames: readonly number[]): string {
  const shown = frames.slice(0, mostListed).join(', ');
  if (frames.length === 1) return `frame ${shown}`;
  return `frames ${shown}${frames.length > mostListed ? ` and ${frames.length - mostListed} more` : ''}`;
}
