import { mkdtempSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { keptBundle } from './workflow-bundle.ts';

let folder: string;
let source: string;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'echoloop-bundle-'));
  source = join(folder, 'workflow.ts');
  await writeFile(source, 'first');
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** Makes bundles of one source; counts them. */
function bundler() {
  const made: string[] = [];
  const make = async (content = 'first') => {
    const map = {
      sources: [source, join(folder, 'entry.cjs'), 'webpack/runtime'],
      sourcesContent: [content, 'x', 'y'],
    };
    const code = `bundle ${made.length + 1}\n//# sourceMappingURL=data:application/json;base64,${Buffer.from(JSON.stringify(map)).toString('base64')}`;
    made.push(code);
    return { code };
  };
  return { made, make };
}

describe('the workflow code of a clone', () => {
  it('is made once as long as its sources are the same', async () => {
    const { made, make } = bundler();
    const first = await keptBundle(folder, make);
    expect(await keptBundle(folder, make)).toEqual(first);
    expect(made).toHaveLength(1);
  });

  it('is made anew when a source is another one', async () => {
    const { made, make } = bundler();
    await keptBundle(folder, make);
    await writeFile(source, 'second');
    expect(await keptBundle(folder, () => make('second'))).toEqual({ code: made[1] });
    expect(await keptBundle(folder, make)).toEqual({ code: made[1] });
  });

  it('is made anew when what was kept is damaged or a source is gone', async () => {
    const { made, make } = bundler();
    await keptBundle(folder, make);
    await writeFile(join(folder, 'workflow-bundle.json'), '{"code": "half of');
    await keptBundle(folder, make);
    await rm(source);
    await keptBundle(folder, make);
    expect(made).toHaveLength(3);
  });

  it('is made where it cannot be kept', async () => {
    const { make } = bundler();
    expect((await keptBundle(source, make)).code).toContain('bundle 1');
  });
});
