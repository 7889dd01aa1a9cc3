/** The part of dcmjs 0.50 that this project calls; the package ships no types of its own. */
declare module 'dcmjs' {
  /** Attributes by tag, as DICOM JSON has them. */
  type TaggedDataset = Readonly<Record<string, unknown>>;
  class DicomDict {
    constructor(meta: TaggedDataset);
    dict: TaggedDataset;
    write(options?: { allowInvalidVRLength: boolean }): ArrayBuffer;
  }
  const dcmjs: {
    log: { disableAll(): void };
    data: {
      /** Red, green and blue in [0, 1] as CIELab, as DICOM encodes it. */
      Colors: { rgb2DICOMLAB(rgb: readonly number[]): number[] };
      DicomDict: typeof DicomDict;
      DicomMetaDictionary: { denaturalizeDataset(dataset: object): TaggedDataset };
    };
  };
  export default dcmjs;
}
