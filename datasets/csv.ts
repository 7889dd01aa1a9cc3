/** Tables of people: comma-separated, with names of columns on the first line, quotes where a cell needs them. */
import { DomainError } from '../ground/errors.ts';

/** Lines that a table may have. */
const MOST_LINES = 10_000_000;

function cellsOf(line: string): string[] {
  if (!line.includes('"')) return line.split(',').map((cell) => cell.trim());
  const cells: string[] = [];
  for (const match of line.matchAll(/\s*(?:"((?:[^"]|"")*)"|([^,]*))\s*(?:,|$)/g)) {
    if (match.index >= line.length && !line.endsWith(',')) break;
    cells.push((match[1]?.replaceAll('""', '"') ?? match[2] ?? '').trim());
  }
  return cells;
}

/**
 * The rows by column; columns of other names do not matter.
 * @throws DatasetInvalid when a column that is needed is missing, or a row has another number of cells
 */
export function parseTable<Column extends string>(
  text: string,
  needed: readonly Column[],
  name: string,
): Record<string, string>[] {
  const lines = text.replace(/^\ufeff/, '').split(/\r?\n/, MOST_LINES);
  const header = cellsOf(lines[0] ?? '');
  const missing = needed.filter((column) => !header.includes(column));
  if (missing.length > 0) {
    throw new DomainError(
      'DatasetInvalid',
      `${name}: expected a first line with the columns ${needed.join(', ')}, found none named ${missing.join(', ')}. Add them, separated by commas.`,
    );
  }
  const rows: Record<string, string>[] = [];
  for (let i = 1; i < lines.length; i++) {
    if (lines[i]!.trim() === '') continue;
    const cells = cellsOf(lines[i]!);
    if (cells.length !== header.length) {
      throw new DomainError(
        'DatasetInvalid',
        `${name}: line ${i + 1}: expected ${header.length} cells, found ${cells.length}. Correct the line.`,
      );
    }
    rows.push(Object.fromEntries(header.map((column, c) => [column, cells[c]!])));
  }
  return rows;
}
