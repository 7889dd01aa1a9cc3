/** Concepts as DICOM codes them (PS3.16): a code, who defines it, and what it means in words. */
import type { Dataset } from './dataset.ts';

type Concept = readonly [
  code: string,
  scheme: 'DCM' | 'SCT' | 'LN' | 'UCUM' | 'RFC5646' | '99ECHOLOOP',
  meaning: string,
];

/** By name; the context group or template of PS3.16 that has it stands behind. */
export const concepts = {
  anatomicalStructure: ['91723000', 'SCT', 'Anatomical Structure'], // CID 7150
  leftVentricle: ['87878005', 'SCT', 'Left ventricle'], // CID 12236
  leftVentricularMyocardium: ['49848007', 'SCT', 'Myocardium of left ventricle'],
  segmentation: ['113076', 'DCM', 'Segmentation'], // CID 7203
  sourceOfProcessing: ['121322', 'DCM', 'Source image for image processing operation'], // CID 7202
  artificialIntelligence: ['123110', 'DCM', 'Artificial Intelligence'], // CID 7162
  echocardiographyReport: ['125200', 'DCM', 'Adult Echocardiography Procedure Report'], // TID 5200
  language: ['121049', 'DCM', 'Language of Content Item and Descendants'], // TID 1204
  english: ['en', 'RFC5646', 'English'],
  observerType: ['121005', 'DCM', 'Observer Type'], // TID 1002
  device: ['121007', 'DCM', 'Device'],
  deviceUid: ['121012', 'DCM', 'Device Observer UID'], // TID 1004
  deviceName: ['121013', 'DCM', 'Device Observer Name'],
  deviceManufacturer: ['121014', 'DCM', 'Device Observer Manufacturer'],
  deviceModel: ['121015', 'DCM', 'Device Observer Model Name'],
  findings: ['121070', 'DCM', 'Findings'], // TID 5202
  findingSite: ['363698007', 'SCT', 'Finding Site'],
  measurementGroup: ['125007', 'DCM', 'Measurement Group'], // TID 5203
  imageMode: ['399264008', 'SCT', 'Image Mode'], // TID 5203
  twoDimensional: ['399064001', 'SCT', '2D mode'], // CID 12224
  measurementMethod: ['370129005', 'SCT', 'Measurement Method'], // TID 300
  discsOfOnePlane: ['125208', 'DCM', 'Method of Disks, Single Plane'], // CID 12227
  sourceOfMeasurement: ['121112', 'DCM', 'Source of Measurement'], // TID 320
  comment: ['121106', 'DCM', 'Comment'],
  endDiastolicVolume: ['18026-5', 'LN', 'Left Ventricular End Diastolic Volume'], // CID 12202
  endSystolicVolume: ['18148-7', 'LN', 'Left Ventricular End Systolic Volume'], // CID 12202
  ejectionFraction: ['18043-0', 'LN', 'Left Ventricular Ejection Fraction by US'], // CID 12202
  diastolicLength: ['18077-8', 'LN', 'Left Ventricle diastolic major axis'], // CID 12201
  systolicLength: ['18076-0', 'LN', 'Left Ventricle systolic major axis'], // CID 12201
  diastolicArea: ['399109006', 'SCT', 'Left Ventricular Diastolic Area'], // CID 12200
  systolicArea: ['399030000', 'SCT', 'Left Ventricular Systolic Area'], // CID 12200
  // No context group has these.
  diastolicMyocardialArea: ['myo-area-ed', '99ECHOLOOP', 'Myocardial area in the image at end diastole'],
  systolicMyocardialArea: ['myo-area-es', '99ECHOLOOP', 'Myocardial area in the image at end systole'],
  longitudinalStrain: [
    'gls-2d',
    '99ECHOLOOP',
    'Change of endocardial length from end diastole to end systole',
  ],
  meanUncertainty: ['uncertainty', '99ECHOLOOP', 'Mean uncertainty of the segmented pixels, 0 to 1'],
  millilitre: ['mL', 'UCUM', 'milliliter'],
  squareCentimetre: ['cm2', 'UCUM', 'square centimeter'],
  millimetre: ['mm', 'UCUM', 'millimeter'],
  percent: ['%', 'UCUM', 'percent'],
  one: ['1', 'UCUM', 'no units'],
} as const satisfies Record<string, Concept>;

export type ConceptName = keyof typeof concepts;

/** The concept as an item of a code sequence. */
export function coded(name: ConceptName): Dataset {
  const [CodeValue, CodingSchemeDesignator, CodeMeaning] = concepts[name];
  return { CodeValue, CodingSchemeDesignator, CodeMeaning };
}
