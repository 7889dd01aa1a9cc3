/** What the pages name is there: files of the code, other pages and their headings, sections that the code cites. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { expect, it } from 'vitest';

const root = join(import.meta.dirname, '..');

const pages = [
  ...['README.md', 'CONTRIBUTING.md', 'SECURITY.md', 'examples/README.md', 'test/golden/README.md'],
  ...filesIn('docs', /\.md$/),
];

function filesIn(folder: string, name: RegExp): string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => name.test(file) && !file.includes('node_modules') && !file.startsWith('reference/api'))
    .map((file) => join(folder, file));
}

const read = (file: string): string => readFileSync(join(root, file), 'utf8');

/** A heading as a link names it. */
function anchorsOf(page: string): string[] {
  return [...read(page).matchAll(/^#+ (.*)$/gm)].map(([, heading]) =>
    heading!
      .toLowerCase()
      .replaceAll(/[^\w\- ]/g, '')
      .trim()
      .replaceAll(' ', '-'),
  );
}

it.each(pages)('%s names files of the code that exist', (page) => {
  const named = [...read(page).matchAll(/`([a-z-]+(?:\/[\w.-]+)+\.(?:ts|mjs|py))`/g)].map(
    ([, file]) => file!,
  );
  expect(named.filter((file) => !existsSync(join(root, file)))).toEqual([]);
});

it.each(pages)('%s leads to files and headings that exist', (page) => {
  const links = [...read(page).matchAll(/\]\((?!https?:)([^)#\s]*)(?:#([^)\s]*))?\)/g)];
  const broken = links.filter(([, file, anchor]) => {
    const target = file ? normalize(join(dirname(page), file)) : page;
    if (!existsSync(join(root, target))) return true;
    return anchor !== undefined && target.endsWith('.md') && !anchorsOf(target).includes(anchor);
  });
  expect(broken.map(([link]) => link)).toEqual([]);
});

it('the method has every section that the code cites', () => {
  const sections = [...read('docs/method.md').matchAll(/^#{2,3} (\d+(?:\.\d+)?)/gm)].map(
    ([, number]) => number!,
  );
  const rooms = [
    'activities',
    'app',
    'bench',
    'cli',
    'contracts',
    'datasets',
    'decisions',
    'imaging',
    'method',
  ];
  const files = [...rooms, 'metrics', 'report', 'storage', 'test', 'workflows'].flatMap((room) =>
    filesIn(room, /\.ts$/),
  );
  const cited = files.flatMap((file) =>
    [...read(file).matchAll(/method(?:\.md)? (\d+(?:\.\d+)?)/g)].map(([, number]) => ({
      file,
      number: number!,
    })),
  );
  expect(cited.length).toBeGreaterThan(100);
  expect(cited.filter(({ number }) => !sections.includes(number))).toEqual([]);
});
