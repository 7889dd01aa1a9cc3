/** The Temporal command, whose `server start-dev` is the embedded Temporal server. */
import { spawn } from 'node:child_process';
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setupLimits } from '../../temporal.config.ts';
import { moduleCommand } from '../installation.ts';
import type { ServiceBinary } from './binaries.ts';

/** Newer tags carry a replace directive in their go.mod, which `go install` refuses. */
const VERSION = 'v1.5.1';

function folderBytes(folder: string): number {
  return readdirSync(folder).reduce(
    (sum, name) => sum + statSync(join(folder, name), { throwIfNoEntry: false })!.size,
    0,
  );
}

/**
 * Temporal's own download, through its SDK in a process of its own: ended when nothing arrives any more, so that a
 * machine without a way out loses little time.
 */
function download(folder: string): Promise<string | undefined> {
  const { command, args } = moduleCommand('runtime/provision/temporal-download', [folder, VERSION]);
  return new Promise((resolve) => {
    const child = spawn(command, args, { stdio: 'ignore' });
    let bytes = 0;
    let lastGrowth = Date.now();
    const watch = setInterval(() => {
      const now = folderBytes(folder);
      if (now !== bytes) lastGrowth = Date.now();
      bytes = now;
      if (Date.now() - lastGrowth > setupLimits.stalledDownloadMs) child.kill('SIGKILL');
    }, setupLimits.lookAtDownloadEveryMs);
    child.on('error', () => {});
    child.on('close', (code) => {
      clearInterval(watch);
      const [name] = code === 0 ? readdirSync(folder).filter((file) => !file.endsWith('.downloading')) : [];
      resolve(name ? join(folder, name) : undefined);
    });
  });
}

export const temporalBinary: ServiceBinary = {
  name: 'temporal',
  module: 'github.com/temporalio/cli/cmd/temporal',
  version: VERSION,
  versionArguments: ['--version'],
  addressVariable: 'TEMPORAL_ADDRESS',
  download,
};
