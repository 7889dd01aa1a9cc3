import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { RunConfigSchema } from '../../contracts/run-config.ts';
import { DeploymentSchema } from '../../runtime/deployment.ts';
import { nativeEnvironment } from '../../runtime/native-environment.ts';
import { configurationPage } from './configuration-page.ts';
import { environmentPage } from './environment-page.ts';
import { pages } from './pages.ts';
import { sectionsOf } from './schema-fields.ts';

const root = join(import.meta.dirname, '..', '..');

describe('the reference pages', () => {
  it.each(pages.map((page) => [page.url.pathname.split('/').at(-1)!, page] as const))(
    '%s is what `npm run docs` writes',
    (_, { url, text }) => {
      expect(readFileSync(url, 'utf8'), 'run `npm run docs` and commit what it writes').toBe(text());
    },
  );

  it.each([
    ['a configuration', RunConfigSchema],
    ['a deployment', DeploymentSchema],
  ])('know what every field of %s means, by itself or by its section', (_, schema) => {
    const silent = sectionsOf(schema).flatMap(({ meaning, fields }) =>
      fields.filter((field) => !field.meaning && !meaning).map(({ path }) => path),
    );
    expect(silent).toEqual([]);
  });

  it('say of each field its range, its default and what presets change', () => {
    const page = configurationPage();
    const row = page.split('\n').find((line) => line.includes('`policyLearningRate`'))!;
    expect(row).toMatch(/number > 0 .*\| `0.001` .*of Adam/);
    expect(page.split('\n').find((line) => line.includes('`spacingMm`'))).toMatch(/`0.37` .*`1.3` .*`0.74`/);
  });

  it('name every variable that the code reads', () => {
    const page = environmentPage();
    const read = new Set(sources().flatMap((text) => text.match(/\bECHOLOOP_[A-Z0-9_]+[A-Z0-9]\b/g) ?? []));
    expect(read.size).toBeGreaterThan(10);
    // `ECHOLOOP_S3_${...}_FILE` is completed where it is used.
    expect([...read].filter((name) => name !== 'ECHOLOOP_S3' && !page.includes(`\`${name}\``))).toEqual([]);
    for (const name of Object.keys(nativeEnvironment)) {
      expect(page.split('\n').find((line) => line.includes(name))).toMatch(/\| \w[^|]+ \|$/);
    }
  });
});

/** The code of the package, without its tests. */
function sources(): string[] {
  return ['app', 'cli', 'contracts', 'runtime', 'storage', 'workers'].flatMap((room) =>
    readdirSync(join(root, room), { recursive: true, encoding: 'utf8' })
      .filter((file) => /\.(ts|mjs)$/.test(file) && !file.endsWith('.test.ts'))
      .map((file) => readFileSync(join(root, room, file), 'utf8')),
  );
}
