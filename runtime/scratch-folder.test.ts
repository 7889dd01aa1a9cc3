import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { loaderArguments } from './installation.ts';
import { makeScratchFolder, sweepScratchFolders } from './scratch-folder.ts';

let parent: string;
beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), 'echoloop-sweep-'));
});
afterEach(() => rmSync(parent, { recursive: true, force: true }));

it('is swept once the process that it belonged to was killed, and not while it lives', async () => {
  const script = join(parent, 'owner.ts');
  const made = new URL('./scratch-folder.ts', import.meta.url).pathname;
  writeFileSync(
    script,
    `import { makeScratchFolder } from ${JSON.stringify(made)};\nconsole.log(makeScratchFolder(${JSON.stringify(parent)}));\nsetInterval(() => undefined, 1000);\n`,
  );
  const owner = spawn(process.execPath, [...loaderArguments(script), script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = (await once(owner.stdout, 'data')) as [Buffer];
  const folder = line.toString().trim();
  writeFileSync(join(folder, 'video'), 'pixels');
  expect(sweepScratchFolders(parent)).toBe(0);
  owner.kill('SIGKILL');
  await once(owner, 'exit');
  expect(sweepScratchFolders(parent)).toBe(1);
  expect(readdirSync(parent)).not.toContain(basename(folder));
});

it('is left alone when it is this process’s, another container’s or nobody’s', () => {
  const own = basename(makeScratchFolder(parent));
  const foreign = own.replace(/^echoloop-scratch-[^-]+/, 'echoloop-scratch-pid_1_');
  mkdirSync(join(parent, foreign));
  mkdirSync(join(parent, 'something-else'));
  expect(sweepScratchFolders(parent)).toBe(0);
  expect(readdirSync(parent).sort()).toEqual([own, foreign, 'something-else'].sort());
});

it('is swept when its number belongs to a younger process by now', () => {
  const own = basename(makeScratchFolder(parent));
  rmSync(join(parent, own), { recursive: true });
  mkdirSync(join(parent, own.replace(/-(\d+)-([^-]+)-([^-]+)$/, '-$1-1-$3')));
  expect(sweepScratchFolders(parent)).toBe(1);
});
