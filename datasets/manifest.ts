/** The table of a dataset: one row a video, with what is needed to plan work without opening it. */
import { z } from 'zod';
import { counted } from '../ground/counted.ts';
import { DomainError } from '../ground/errors.ts';
import type { LabelVideo, VideoGeometry } from '../imaging/image.ts';

export const SplitSchema = z.enum(['train', 'val', 'test', 'pred']);
export type Split = z.infer<typeof SplitSchema>;

/** Names become file names and bucket keys. */
const NameSchema = z
  .string()
  .max(128)
  .regex(
    /^[A-Za-z0-9][A-Za-z0-9._-]*$/,
    'expected letters, digits, dots, dashes and underscores, starting with a letter or digit',
  );

const ViewSchema = z.string().regex(/^[a-z0-9]{1,16}$/, 'expected a view such as a4c or a2c');

/** The view as manifests have it, in small letters. @throws ConfigInvalid for what is none */
export function checkedView(view: string): string {
  const checked = ViewSchema.safeParse(view.toLowerCase());
  if (checked.success) return checked.data;
  throw new DomainError(
    'ConfigInvalid',
    `expected a view of at most 16 letters and digits, such as a4c or a2c, found "${view}".`,
  );
}

/** True for what can be a study or id. */
export function isManifestName(text: string): boolean {
  return NameSchema.safeParse(text).success;
}

export const ManifestRowSchema = z.strictObject({
  study: NameSchema.describe('one patient or examination; never in two splits'),
  view: ViewSchema,
  id: NameSchema,
  split: SplitSchema,
  labelled: z.boolean().describe('a reference segmentation lies in labels/'),
  rows: z.int().min(1),
  columns: z.int().min(1),
  frames: z.int().min(1),
  spacingRowMm: z.number().positive(),
  spacingColumnMm: z.number().positive(),
  frameTimeMs: z.number().min(0),
  annotatedFrames: z
    .array(z.int().min(0))
    .min(1)
    .optional()
    .describe('frames that the reference knows, rising; all when absent'),
  annotatedLabels: z
    .array(z.int().min(1))
    .min(1)
    .optional()
    .describe('structures that the reference knows; all when absent'),
});
export type ManifestRow = z.infer<typeof ManifestRowSchema>;

const allColumns = Object.keys(ManifestRowSchema.shape) as (keyof ManifestRow)[];
/** Only datasets with references that do not know all have these. */
const listColumns = ['annotatedFrames', 'annotatedLabels'] as const;
const columnNames = allColumns.filter((name) => !(listColumns as readonly string[]).includes(name));
const numberColumns: ReadonlySet<string> = new Set([
  'rows',
  'columns',
  'frames',
  'spacingRowMm',
  'spacingColumnMm',
  'frameTimeMs',
]);

/** The row of a video; what its reference knows is in the row where that is not all. */
export function manifestRow(
  entry: Pick<ManifestRow, 'study' | 'view' | 'id' | 'split' | 'labelled'>,
  video: VideoGeometry,
  reference?: Pick<LabelVideo, 'annotatedFrames' | 'annotatedLabels'>,
): ManifestRow {
  const { study, view, id, split, labelled } = entry;
  const { annotatedFrames, annotatedLabels } = reference ?? {};
  const { rows, columns, frames, spacingMm, frameTimeMs } = video;
  return {
    study,
    view,
    id,
    split,
    labelled,
    rows,
    columns,
    frames,
    spacingRowMm: spacingMm[0],
    spacingColumnMm: spacingMm[1],
    frameTimeMs,
    ...(annotatedFrames && { annotatedFrames: [...annotatedFrames] }),
    ...(annotatedLabels && { annotatedLabels: [...annotatedLabels] }),
  };
}

/** `all` (or nothing), or numbers separated by spaces. */
export function parseAnnotated(cell: string | undefined): number[] | undefined {
  const text = cell?.trim() ?? '';
  return text === '' || text === 'all' ? undefined : text.split(/\s+/).map(Number);
}

function cellValue(column: string, text: string): unknown {
  if ((listColumns as readonly string[]).includes(column)) return parseAnnotated(text);
  if (numberColumns.has(column)) return text === '' ? Number.NaN : Number(text);
  if (column === 'labelled') return text === 'true' ? true : text === 'false' ? false : text;
  return text;
}

/** The columns in the order of the file. @throws DatasetInvalid */
function parseHeader(line: string): string[] {
  const header = line.split(',').map((name) => name.trim());
  const missing = columnNames.filter((name) => !header.includes(name));
  const unknown = header.filter((name) => !allColumns.includes(name as keyof ManifestRow));
  if (missing.length === 0 && unknown.length === 0) return header;
  throw new DomainError(
    'DatasetInvalid',
    `manifest.csv: expected a first line with the columns ${columnNames.join(',')}; ` +
      `missing: ${missing.join(', ') || 'none'}; not known: ${unknown.length}. Write the dataset again with echoloop ingest.`,
  );
}

/** One line, or what is wrong with it. */
function parseRow(line: string, header: readonly string[]): { row: ManifestRow } | { problems: string[] } {
  const cells = line.split(',').map((cell) => cell.trim());
  if (cells.length !== header.length) {
    return { problems: [`expected ${header.length} cells, found ${cells.length}`] };
  }
  const parsed = ManifestRowSchema.safeParse(
    Object.fromEntries(header.map((column, c) => [column, cellValue(column, cells[c]!)])),
  );
  if (parsed.success) return { row: parsed.data };
  return { problems: parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`) };
}

/** What rows may not share, or must: an id is there once, a study lies in one split. */
class RowsSoFar {
  readonly #lineOfId = new Map<string, number>();
  readonly #splitOfStudy = new Map<string, Split>();

  /** Adds a row; the problems that it has with the earlier ones. */
  add({ id, study, split }: ManifestRow, line: number): string[] {
    const problems: string[] = [];
    const earlier = this.#lineOfId.get(id);
    if (earlier !== undefined) problems.push(`the id of line ${earlier} again`);
    this.#lineOfId.set(id, line);
    const known = this.#splitOfStudy.get(study);
    if (known !== undefined && known !== split) {
      problems.push(`its study is in split ${known} on an earlier line, found ${split}`);
    }
    this.#splitOfStudy.set(study, split);
    return problems;
  }
}

/**
 * Reads manifest.csv. The first line names the columns, in any order; lines may end with CR LF.
 * @throws DatasetInvalid with every problem and its line, when a row is invalid, an id occurs twice or a study spans
 * two splits
 */
export function parseManifest(csv: string): ManifestRow[] {
  const [first, ...lines] = csv.replace(/^\ufeff/, '').split(/\r?\n/);
  const header = parseHeader(first!);
  const rows: ManifestRow[] = [];
  const problems: string[] = [];
  const earlier = new RowsSoFar();
  for (const [i, line] of lines.entries()) {
    if (line.trim() === '') continue;
    const number = i + 2;
    const parsed = parseRow(line, header);
    const found = 'row' in parsed ? earlier.add(parsed.row, number) : parsed.problems;
    problems.push(...found.map((problem) => `line ${number}: ${problem}`));
    if ('row' in parsed) rows.push(parsed.row);
  }
  if (problems.length > 0) {
    const shown = problems.slice(0, 20).join('\n  ');
    throw new DomainError(
      'DatasetInvalid',
      `manifest.csv: ${counted(problems.length, 'problem')}:\n  ${shown}${problems.length > 20 ? '\n  ...' : ''}\nCorrect these lines.`,
    );
  }
  return rows;
}

/** The text of manifest.csv, rows in the given order. @throws DatasetInvalid when a row does not fit the schema */
export function formatManifest(rows: readonly ManifestRow[]): string {
  const isPartial = rows.some((row) => listColumns.some((name) => row[name] !== undefined));
  const columns = isPartial ? allColumns : columnNames;
  const cellText = (value: ManifestRow[keyof ManifestRow]) =>
    value === undefined ? 'all' : Array.isArray(value) ? value.join(' ') : String(value);
  const lines = rows.map((row) => {
    const parsed = ManifestRowSchema.safeParse(row);
    if (!parsed.success) {
      throw new DomainError('DatasetInvalid', `manifest row ${row.id}: ${z.prettifyError(parsed.error)}`);
    }
    return columns.map((name) => cellText(parsed.data[name])).join(',');
  });
  return `${[columns.join(','), ...lines].join('\n')}\n`;
}
