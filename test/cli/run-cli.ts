/** Runs the real command in a process of its own, away from any service. */
import { spawn } from 'node:child_process';
import { openSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const entry = fileURLToPath(new URL('../../cli/echoloop.mjs', import.meta.url));

/** Milliseconds for a command on a machine that does other things: most take about a second on an idle one. */
export const cliTimeout = 170_000;

export interface CliResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * @param home an empty folder, so that services of this machine's user are not found.
 * @param reader of standard output: `gone` has closed it before anything is written, `full` is a disk without room.
 */
export function runCli(
  args: readonly string[],
  home: string,
  reader: 'there' | 'gone' | 'full' = 'there',
): Promise<CliResult> {
  const { TEMPORAL_ADDRESS: _, ECHOLOOP_S3_ENDPOINT: __, ...environment } = process.env;
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [entry, ...args], {
      env: { ...environment, ECHOLOOP_HOME: home },
      stdio: ['ignore', reader === 'full' ? openSync('/dev/full', 'w') : 'pipe', 'pipe'],
      // A command that outlives its test would slow down all the others.
      timeout: cliTimeout,
      killSignal: 'SIGKILL',
    });
    let stdout = '';
    let stderr = '';
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
    });
    child.stderr!.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    if (reader === 'gone') child.stdout!.destroy();
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, stdout, stderr }));
  });
}
