/**
 * Comments and documents keep to 120 columns, which no formatter sees to. Code is biome's; of a document, tables, code
 * and lines that are one long link or picture are left alone. Prints what is wider and ends with 1.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

const WIDTH = 120;
/** Until what is being rewritten there is in. */
const LATER =
  /^(README\.md|(docs|examples|method\/(networks|pretraining|augmentation)|datasets\/phantom|runtime\/provision)\/)/;

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
const files = execFileSync('git', known, { encoding: 'utf8' }).trim().split('\n');
const wide = files
  .filter((file) => !LATER.test(file))
  .flatMap((file) => {
    const lines = readFileSync(file, 'utf8').split('\n');
    const numbers = file.endsWith('.md') ? wideInDocument(lines) : wideInCode(lines);
    return numbers.map((number) => `${file}:${number}`);
  });
if (wide.length > 0) {
  console.error(`Comments or text wider than ${WIDTH} columns:\n  ${wide.join('\n  ')}`);
  process.exit(1);
}
