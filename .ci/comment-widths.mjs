/**
 * Comments and documents keep to 120 columns, which no formatter sees to. Code is biome's; of a document, tables, code
 * and lines that are one long link or picture are left alone. Prints what is wider and ends with 1.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

const WIDTH = 120;
const isComment = (line) => /^\s*(\/\/|\/\*|\*)/.test(line);
const isLoneLink = (line) => /^\s*(?:[-*] +)?!?\[[^\]]*\]\([^)]*\)$/.test(line);

function wideInCode(lines) {
  return lines.flatMap((line, i) => (isComment(line) && [...line].length > WIDTH ? [i + 1] : []));
}

function wideInDocument(lines) {
  let isCode = false;
  return lines.flatMap((line, i) => {
    if (/^\s*```/.test(line)) isCode = !isCode;
    const isText = !isCode && !line.startsWith('|') && !isLoneLink(line);
    return isText && [...line].length > WIDTH ? [i + 1] : [];
  });
}

const known = [
  'ls-files',
  '--cached',
  '--others',
  '--exclude-standard',
  '*.ts',
  '*.mts',
  '*.mjs',
  '*.cjs',
  '*.md',
];
// The reference pages are written by a program, out of descriptions of any length.
const files = execFileSync('git', known, { encoding: 'utf8' })
  .trim()
  .split('\n')
  .filter((file) => !file.startsWith('docs/reference/'));
const wide = files.flatMap((file) => {
  const lines = readFileSync(file, 'utf8').split('\n');
  const numbers = file.endsWith('.md') ? wideInDocument(lines) : wideInCode(lines);
  return numbers.map((number) => `${file}:${number}`);
});
if (wide.length > 0) {
  console.error(`Comments or text wider than ${WIDTH} columns:\n  ${wide.join('\n  ')}`);
  process.exit(1);
}
