/** The table as Markdown, CSV and LaTeX. JSON is the document itself. */
import { cellText, intervalText, isApart, numberText, trainingText } from './cell-text.ts';
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
      markdownText(row.title),
      ...(row.unavailable === undefined
        ? measures.map((measure) => text(measure, row.cells[measure.name]))
        : measures.map((_, index) => (index === 0 ? 'not available' : '-'))),
      trainingText(row) || (measures.length === 0 && row.unavailable !== undefined ? 'not available' : '-'),
    ]),
  ];
  const widths = lines[0]!.map((_, column) => Math.max(3, ...lines.map((line) => line[column]!.length)));
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, i) => cell.padEnd(widths[i]!)).join(' | ')} |`;
  const [head, ...body] = lines;
  const notes = notesOf(table).map((note) => `- ${markdownText(note)}`);
  return `${[line(head!), line(widths.map((width) => '-'.repeat(width))), ...body.map(line), '', ...notes].join('\n')}\n`;
}

/** Text that comes from people says what it says: it ends no cell, begins no line and is no mark-up. */
export function markdownText(text: string): string {
  return text
    .replaceAll(/\s+/g, ' ')
    .trim()
    .replaceAll(/[\\|*`<[\]]|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])/g, '\\$&');
}

type CsvLine = readonly [row: TableRow, measure?: string, cell?: Cell];

const csvColumns: readonly (readonly [string, (line: CsvLine) => unknown])[] = [
  ['row', ([row]) => written(row.name)],
  ['system', ([row]) => written(row.title)],
  ['standing', ([row]) => row.standing],
  ['measure', ([, measure]) => measure],
  ['mean', ([, , cell]) => cell?.mean],
  ['low', ([, , cell]) => cell?.low],
  ['high', ([, , cell]) => cell?.high],
  ['videos', ([, , cell]) => cell?.videos],
  ['best', ([, , cell]) => cell?.best],
  ['differenceToBest', ([, , cell]) => cell?.versusBest?.difference],
  ['pValue', ([, , cell]) => cell?.versusBest?.pValue],
  ['adjustedPValue', ([, , cell]) => cell?.versusBest?.adjusted],
  ['patients', ([, , cell]) => cell?.versusBest?.patients],
  ['missingVideos', ([row]) => row.missing],
  ['trainingSeconds', ([row]) => row.trainings.reduce((sum, { seconds }) => sum + seconds, 0)],
  ['unavailable', ([row]) => row.unavailable && written(row.unavailable)],
];

/** Spreadsheets compute what begins like a formula: text of people is kept text. */
function written(text: string): string {
  return /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
}

/**
 * One line for each system and measure, shares in [0, 1]; a system without numbers has one line, which says why where
 * that is known.
 */
export function csvTable({ rows }: ComparisonTable): string {
  const lines = rows.flatMap((row): CsvLine[] => {
    const found = tableMeasures.flatMap(({ name }): CsvLine[] => {
      const cell = row.cells[name];
      return cell && row.unavailable === undefined ? [[row, name, cell]] : [];
    });
    return found.length > 0 ? found : [[row]];
  });
  const text = (cell: unknown): string => {
    const value = cell === undefined ? '' : String(cell);
    return /[",\r\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value;
  };
  const cells = [
    csvColumns.map(([name]) => name),
    ...lines.map((line) => csvColumns.map(([, of]) => of(line))),
  ];
  return `${cells.map((line) => line.map(text).join(',')).join('\n')}\n`;
}

/** A `table` of booktabs: intervals below the means, notes below the rule. */
export function latexTable(table: ComparisonTable): string {
  const measures = usedMeasures(table);
  const cell = (measure: TableMeasure, found: Cell | undefined): string => {
    if (!found) return '--';
    const mean = numberText(measure, found.mean);
    const shown = found.best ? `\\textbf{${mean}}` : mean;
    const interval = intervalText(measure, found, '--');
    return `${shown}${isApart(found) ? '$^{*}$' : ''}${interval && ` {\\scriptsize ${interval}}`}`;
  };
  const rows = table.rows.map((row) => {
    const cells =
      row.unavailable === undefined
        ? measures.map((measure) => cell(measure, row.cells[measure.name]))
        : measures.length > 0
          ? [`\\multicolumn{${measures.length}}{l}{not available: ${escaped(row.unavailable)}}`]
          : [];
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

/** A star or a bracket at the beginning of a row would belong to the end of the line before it. */
const latexSigns: Readonly<Record<string, string>> = {
  '*': '{*}',
  '[': '{[}',
  '<': '\\textless{}',
  '>': '\\textgreater{}',
  '|': '\\textbar{}',
  '\\': '\\textbackslash{}',
  '~': '\\textasciitilde{}',
  '^': '\\textasciicircum{}',
};

function escaped(text: string): string {
  return text
    .replaceAll(/\s+/g, ' ')
    .replaceAll(/[\\~^&%$#_{}*[<>|]/g, (sign) => latexSigns[sign] ?? `\\${sign}`);
}
