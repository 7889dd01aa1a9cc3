/** Tables as comma-separated text, for spreadsheets and statistics programs. */

export type Cell = string | number | boolean | null | undefined;

/** Name of a column, and its cell of a row. */
export type Column<Row> = readonly [name: string, of: (row: Row) => Cell];

function cellText(cell: Cell): string {
  const text = cell === null || cell === undefined ? '' : String(cell);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** A first line with the names of the columns, then the rows in order; what is null or undefined is an empty cell. */
export function csvText<Row>(columns: readonly Column<Row>[], rows: readonly Row[]): string {
  const lines = rows.map((row) => columns.map(([, of]) => cellText(of(row))).join(','));
  return `${[columns.map(([name]) => name).join(','), ...lines].join('\n')}\n`;
}
