/** What a segmentation is written as. */
export const resultFormats = [
  'nifti',
  'gif',
  'mp4',
  'csv',
  'json',
  'dicom-seg',
  'dicom-sc',
  'dicom-sr',
] as const;

export type ResultFormat = (typeof resultFormats)[number];

export const usualFormats: readonly ResultFormat[] = ['nifti', 'gif'];
