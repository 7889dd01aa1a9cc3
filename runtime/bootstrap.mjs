/**
 * The first thing that `npm start` and `npm test` run: from a bare clone to a working installation, then on to the
 * command. Plain Node without dependencies, because nothing is installed yet.
 *
 *   node runtime/bootstrap.mjs                       the set-up alone
 *   node runtime/bootstrap.mjs test [ARGUMENT...]    then the tests
 *   node runtime/bootstrap.mjs COMMAND [ARGUMENT...] then `echoloop COMMAND`
 */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { withFileLock } from './file-lock.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));

function say(line) {
  process.stderr.write(`${line}\n`);
}

function requireNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major > 20 || (major === 20 && minor >= 19)) return;
  say(
    `Echoloop needs Node.js 20.19 or newer; this is ${process.versions.node}. Install a current Node.js and try again.`,
  );
  process.exit(2);
}

/** True when node_modules holds exactly the packages of package-lock.json (npm's own record of what it installed). */
function isInstalled() {
  const record = join(root, 'node_modules', '.package-lock.json');
  if (!existsSync(record)) return false;
  const wanted = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')).packages;
  const present = JSON.parse(readFileSync(record, 'utf8')).packages;
  const withoutDev =
    process.env.NODE_ENV === 'production' || (process.env.npm_config_omit ?? '').split(/\s+/).includes('dev');
  return Object.entries(wanted).every(([path, entry]) => {
    if (path === '') return true;
    const found = present[path];
    if (!found) return entry.optional || entry.devOptional || (withoutDev && entry.dev);
    return (
      found.version === entry.version &&
      (!entry.integrity || !found.integrity || found.integrity === entry.integrity)
    );
  });
}

function installPackages() {
  say('Installing the npm packages of package-lock.json ...');
  const started = Date.now();
  // Install scripts stay off: native TensorFlow comes from runtime/provision, checked and cached.
  const argv = ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
  const npm = process.env.npm_execpath?.endsWith('.js')
    ? [process.execPath, process.env.npm_execpath, ...argv]
    : [process.platform === 'win32' ? 'npm.cmd' : 'npm', ...argv];
  const result = spawnSync(npm[0], npm.slice(1), { cwd: root, stdio: ['ignore', 2, 2] });
  if (result.status !== 0) {
    say(
      `\`npm ci\` failed (${result.error?.message ?? `exit code ${result.status}`}). The lines above say why; try again after that.`,
    );
    process.exit(1);
  }
  say(`npm packages installed in ${Math.round((Date.now() - started) / 1000)} s.`);
}

/** Runs a command in the foreground, passing signals on; resolves with its exit code. */
function runInForeground(command, args, environment) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd: process.cwd(), stdio: 'inherit', env: environment });
    // A terminal sends SIGINT to the whole group, so only what is sent to us alone is passed on.
    const ignore = () => {};
    const forward = (signal) => child.kill(signal);
    process.on('SIGINT', ignore);
    process.on('SIGTERM', forward);
    process.on('SIGHUP', forward);
    child.on('error', (error) => {
      say(`Could not start ${command}: ${error.message}`);
      resolve(127);
    });
    child.on('close', (code, signal) => resolve(code ?? 128 + constants.signals[signal]));
  });
}

requireNode();
if (!isInstalled()) {
  await withFileLock(
    join(root, '.echoloop', 'install.lock'),
    async () => {
      if (!isInstalled()) installPackages();
    },
    () => say('Another set-up of this folder is at work; waiting for it ...'),
  );
}

const modules = join(root, 'node_modules');
const environment = { ...process.env, PATH: `${join(modules, '.bin')}${delimiter}${process.env.PATH ?? ''}` };
const tsx = pathToFileURL(join(modules, 'tsx', 'dist', 'loader.mjs')).href;

const provisioned = await runInForeground(
  process.execPath,
  ['--import', tsx, join(root, 'runtime', 'provision', 'main.ts')],
  environment,
);
if (provisioned !== 0) process.exit(provisioned);

const [command, ...args] = process.argv.slice(2);
if (command === 'test') {
  process.exitCode = await runInForeground(
    process.execPath,
    [join(modules, 'vitest', 'vitest.mjs'), 'run', ...args],
    environment,
  );
} else if (command) {
  process.exitCode = await runInForeground(
    process.execPath,
    [join(root, 'cli', 'echoloop.mjs'), command, ...args],
    environment,
  );
}
