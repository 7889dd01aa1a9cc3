/** The rows of the full tables: every system, and what of it the bench says where the product asks. */
import { type RequestedRow, rowsOfFile, rowsOfSpecs } from '../../app/comparison/row-specs.ts';
import type { ComparedRow } from '../../contracts/comparison.ts';

/** In the order of the table. Foundation models without weights say so. */
export const everySystem: readonly string[] = [
  'unet3d-plain',
  'unet3d',
  'nnunet',
  'self-training',
  'ua-mt',
  'masked-ssl',
  'rl4seg-2d-plain',
  'rl4seg-2d',
  'rl4seg3d-plain',
  'rl4seg3d',
  'rl4seg3d-tto',
  'medsam',
  'samus',
  'memsam',
];

export interface RowsOf {
  readonly systems: readonly string[];
  /** A file of rows, such as foundation models with their weights; a row there takes the place of one of its name. */
  readonly file: string | undefined;
  /** Filters of the policies' first stage: nnU-Net is planned as wide. */
  readonly baseFilters: number;
  /** A source policy is given: whoever adapts begins with it. */
  readonly startsGiven: boolean;
}

/** GB that nnU-Net is planned for: two or three patches of whole pictures in a step. */
const NNUNET_MEMORY_GB = 1;

export async function rowsOf({ systems, file, baseFilters, startsGiven }: RowsOf): Promise<RequestedRow[]> {
  const own = file === undefined ? [] : await rowsOfFile(file);
  const settings: Readonly<Record<string, ComparedRow['settings']>> = {
    nnunet: { memoryGb: NNUNET_MEMORY_GB, baseFilters },
    'ua-mt': { start: startsGiven ? 'source' : 'anew' },
  };
  const named = rowsOfSpecs(systems)
    .filter(({ name }) => own.every((row) => row.name !== name))
    .map((row) => ({ ...row, settings: { ...settings[row.system], ...row.settings } }));
  return [...named, ...own];
}
