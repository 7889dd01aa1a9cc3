/**
 * dataset.json of an nnU-Net folder: beside what nnU-Net asks for, this software writes there what its own table knows
 * of each case and nnU-Net has no place for.
 */
import { z } from 'zod';
import { type ManifestRow, ManifestRowSchema } from '../manifest.ts';

const CaseFactsSchema = ManifestRowSchema.pick({
  study: true,
  view: true,
  frameTimeMs: true,
  annotatedFrames: true,
  annotatedLabels: true,
});
export type CaseFacts = Pick<ManifestRow, keyof z.infer<typeof CaseFactsSchema>>;

/** Other keys are nnU-Net's or anybody's. */
const DatasetJsonSchema = z.looseObject({
  labels: z.looseObject({ ignore: z.int().exactOptional() }),
  echoloop: z.strictObject({ cases: z.record(z.string(), CaseFactsSchema) }),
});

export interface NnUNetFacts {
  /** By the path of the image in the folder, such as imagesTr/CASE_0000.nii.gz. */
  readonly cases: ReadonlyMap<string, CaseFacts>;
  /** The label of what nobody drew. */
  readonly ignore: number | undefined;
}

/** What an export of this software says in its dataset.json; undefined for one of anybody else. */
export function parseNnUNetFacts(json: string): NnUNetFacts | undefined {
  const { success, data } = DatasetJsonSchema.safeParse(parsedOrNothing(json));
  if (!success) return undefined;
  return { cases: new Map(Object.entries(data.echoloop.cases)), ignore: data.labels.ignore };
}

function parsedOrNothing(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}

export interface NnUNetDataset {
  readonly name: string;
  /** By name, consecutive from 0. */
  readonly labels: Readonly<Record<string, number>>;
  readonly trainingCases: number;
  readonly cases: Readonly<Record<string, CaseFacts>>;
}

/** The text of dataset.json (nnU-Net v2, documentation/reference/dataset-format.md). */
export function formatNnUNetDataset({ name, labels, trainingCases, cases }: NnUNetDataset): string {
  const json = {
    // Any name but those of its own normalisations stands for z-scores.
    channel_names: { 0: 'ultrasound' },
    labels,
    numTraining: trainingCases,
    file_ending: '.nii.gz',
    name,
    echoloop: { cases },
  };
  return `${JSON.stringify(json, null, 2)}\n`;
}
