/** The table as Markdown, CSV and LaTeX. JSON is the document itself. */
import { cellText, isApart, numberText, trainingText } from './cell-text.ts';
import { type TableMeasure, tableMeasures } from './measures.ts';
import { notesOf } from './notes.ts';
import type { Cell, ComparisonTable, TableRow } from './table.ts';

/** Measures that any row has. */
export function usedMeasures({ rows }: ComparisonTable): readonly TableMeasure[] {
  return tableMeasures.filter(({ name }) => rows.some(({ cells }) => cells[name]));
}

/** Columns aligned, the notes as a list below. */
export function markdownTable(table: ComparisonTable): string {
  const measures = usedMeasures(table);
  const text = (measure: TableMeasure, cell: Cell | undefined): string => {
    if (!cell) return '-';
    const marked = `${cellText(measure, cell)}${isApart(cell) ? ' \\*' : ''}`;
    return cell.best ? `**${marked}**` : marked;
  };
  const lines = [
    ['system', ...measures.map(({ title }) => title), 'training'],
    ...table.rows.map((row) => [
      plain(row.title),
      ...(row.unavailable === undefined
        ? measures.map((measure) => text(measure, row.cells[measure.name]))
        : measures.map((_, index) => (index === 0 ? 'not available' : '-'))),
      trainingText(row) || '-',
    ]),
  ];
  const widths = lines[0]!.map((_, column) => Math.max(3, ...lines.map((line) => line[column]!.length)));
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, i) => cell.padEnd(widths[i]!)).join(' | ')} |`;
  const [head, ...body] = lines;
  const notes = notesOf(table).map((note) => `- ${plain(note)}`);
  return `${[line(head!), line(widths.map((width) => '-'.repeat(width))), ...body.map(line), '', ...notes].join('\n')}\n`;
}

/** Titles come from people: they end no cell and begin no line. */
function plain(text: string): string {
  return text.replaceAll(/\s+/g, ' ').replaceAll('|', '\\|');
}

const csvColumns: readonly (readonly [string, (row: TableRow, measure: string, cell: Cell) => unknown])[] = [
  ['row', (row) => row.name],
  ['system', (row) => row.title],
  ['standing', (row) => row.standing],
  ['measure', (_, measure) => measure],
  ['mean', (_, __, cell) => cell.mean],
  ['low', (_, __, cell) => cell.low],
  ['high', (_, __, cell) => cell.high],
  ['videos', (_, __, cell) => cell.videos],
  ['best', (_, __, cell) => cell.best],
  ['differenceToBest', (_, __, cell) => cell.versusBest?.difference],
  ['pValue', (_, __, cell) => cell.versusBest?.pValue],
  ['adjustedPValue', (_, __, cell) => cell.versusBest?.adjusted],
  ['patients', (_, __, cell) => cell.versusBest?.patients],
  ['missingVideos', (row) => row.missing],
  ['trainingSeconds', (row) => row.trainings.reduce((sum, { seconds }) => sum + seconds, 0)],
];

/** One line for each system and measure, shares in [0, 1]; a system without numbers has one line that says why. */
export function csvTable({ rows }: ComparisonTable): string {
  const lines = rows.flatMap((row) => {
    if (row.unavailable !== undefined)
      return [[row.name, row.title, row.standing, `unavailable: ${row.unavailable}`]];
    return tableMeasures.flatMap(({ name }) => {
      const cell = row.cells[name];
      return cell ? [csvColumns.map(([, of]) => of(row, name, cell))] : [];
    });
  });
  const text = (cell: unknown): string => {
    const value = cell === undefined ? '' : String(cell);
    return /[",\r\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value;
  };
  return `${[csvColumns.map(([name]) => name), ...lines].map((line) => line.map(text).join(',')).join('\n')}\n`;
}

/** A `table` of booktabs: intervals below the means, notes below the rule. */
export function latexTable(table: ComparisonTable): string {
  const measures = usedMeasures(table);
  const cell = (measure: TableMeasure, found: Cell | undefined): string => {
    if (!found) return '--';
    const [mean, low, high] = [found.mean, found.low, found.high].map((value) => numberText(measure, value));
    const shown = found.best ? `\\textbf{${mean}}` : mean;
    return `${shown}${isApart(found) ? '$^{*}$' : ''} {\\scriptsize (${low}--${high})}`;
  };
  const rows = table.rows.map((row) => {
    const cells =
      row.unavailable === undefined
        ? measures.map((measure) => cell(measure, row.cells[measure.name]))
        : [`\\multicolumn{${measures.length}}{l}{not available: ${escaped(row.unavailable)}}`];
    return `${[escaped(row.title), ...cells].join(' & ')} \\\\`;
  });
  const arrow = ({ better }: TableMeasure) => (better === 'higher' ? '$\\uparrow$' : '$\\downarrow$');
  return `${[
    '\\begin{table}',
    '\\centering',
    `\\begin{tabular}{l${'r'.repeat(measures.length)}}`,
    '\\toprule',
    `${['System', ...measures.map((measure) => `${escaped(measure.title)} ${arrow(measure)}`)].join(' & ')} \\\\`,
    '\\midrule',
    ...rows,
    '\\bottomrule',
    '\\end{tabular}',
    `\\caption{${notesOf(table).map(escaped).join(' ')}}`,
    '\\end{table}',
  ].join('\n')}\n`;
}

const latexSigns: Readonly<Record<string, string>> = {
  '\\': '\\textbackslash{}',
  '~': '\\textasciitilde{}',
  '^': '\\textasciicircum{}',
};

function escaped(text: string): string {
  return text.replaceAll(/\s+/g, ' ').replaceAll(/[\\~^&%$#_{}]/g, (sign) => latexSigns[sign] ?? `\\${sign}`);
}
