/**
 * `npm run build`: the rooms as JavaScript with types in dist/, what they read beside them, and the workflow code
 * bundled for Temporal's sandbox, so that plain Node runs the package. Everything is made anew.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, readdirSync, rmSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

const root = import.meta.dirname;
const dist = join(root, 'dist');

/** Runs a script of Node and ends with its exit code where it fails. */
function run(script, ...args) {
  const { status } = spawnSync(process.execPath, [script, ...args], { stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
}

/** What is not compiled but read or run at run time: plain JavaScript, its declarations, scripts, native sources. */
function isAsset(path) {
  if (statSync(path).isDirectory()) return !path.endsWith('/fixtures');
  if (path.endsWith('.d.ts')) return true;
  return !/(\.ts|\.reference\.json)$/.test(path) && !/\/(echoloop|bootstrap)\.mjs$/.test(path);
}

function copyAssets() {
  for (const entry of readdirSync(dist, { withFileTypes: true })) {
    const source = join(root, entry.name);
    if (entry.isDirectory() && entry.name !== 'test') {
      cpSync(source, join(dist, entry.name), { recursive: true, filter: isAsset });
    }
  }
}

const typescript = dirname(createRequire(import.meta.url).resolve('typescript/package.json'));
rmSync(dist, { recursive: true, force: true });
run(join(typescript, 'bin', 'tsc'), '-p', join(root, 'tsconfig.build.json'));
copyAssets();
run(join(dist, 'workers', 'bundle-main.js'));
