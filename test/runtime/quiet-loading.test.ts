/** TensorFlow's start-up lines, seen from outside: what a process that loads it leaves on standard error. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { loaderArguments, moduleCommand, moduleFile } from '../../runtime/installation.ts';
import { cacheFolder } from '../../runtime/provision/cache-folder.ts';
import { standardErrorAddon } from '../../runtime/provision/standard-error/standard-error.ts';
import { readTensorSetup } from '../../runtime/provision/tensorflow.ts';

const native = (await readTensorSetup())?.state === 'native';
const hasAddon = existsSync(standardErrorAddon(cacheFolder()));

/** Runs a piece of code in a process of its own, with the module at hand as `quiet`. */
function run(code: string) {
  const file = moduleFile('runtime/quiet-loading');
  const script = `const quiet = await import(${JSON.stringify(file)}); const fs = await import('node:fs'); ${code}`;
  return spawnSync(process.execPath, [...loaderArguments(file), '--input-type=module', '--eval', script], {
    encoding: 'utf8',
  });
}

describe.skipIf(!native || !hasAddon)('loading TensorFlow', () => {
  it('writes nothing to standard error', () => {
    const { command, args } = moduleCommand('runtime/speed-main', ['native-cpu', '1']);
    const { status, stderr, stdout } = spawnSync(command, args, { encoding: 'utf8' });
    expect(status).toBe(0);
    expect(stderr).toBe('');
    expect(stdout).toContain('"backend":"native-cpu"');
  }, 120_000);

  it('passes every other line on, also when loading fails, and leaves standard error as it was', () => {
    const { status, stderr } = run(`
      try {
        quiet.loadQuietly(() => {
          fs.writeSync(2, 'WARNING: All log messages before absl::InitializeLog() is called\\nE0000 a driver is missing\\n');
          throw new Error('not loaded');
        });
      } catch (error) {
        fs.writeSync(2, error.message);
      }`);
    expect(stderr).toBe('E0000 a driver is missing\nnot loaded');
    expect(status).toBe(0);
  });
});
