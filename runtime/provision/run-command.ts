/** Runs a tool to its end and keeps what it said, for the message when it fails. */
import { spawn } from 'node:child_process';
import { setupLimits } from '../../temporal.config.ts';

export interface RunOptions {
  readonly cwd?: string;
  readonly environment?: Readonly<Record<string, string | undefined>>;
  readonly timeoutMs: number;
}

const KEPT_CHARACTERS = 20_000;

/**
 * Standard output of a command that ended with code 0.
 * @throws Error with the last lines the command printed.
 */
export function runCommand(command: string, args: readonly string[], options: RunOptions): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd: options.cwd,
      env: { ...process.env, ...options.environment } as NodeJS.ProcessEnv,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    let everything = '';
    let timedOut = false;
    const timer = setTimeout(() => {
      timedOut = true;
      child.kill('SIGKILL');
    }, options.timeoutMs);
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      output = (output + text).slice(-KEPT_CHARACTERS);
      everything = (everything + text).slice(-KEPT_CHARACTERS);
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      everything = (everything + text).slice(-KEPT_CHARACTERS);
    });
    child.on('error', (error) => {
      clearTimeout(timer);
      reject(error);
    });
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      if (code === 0) return resolve(output);
      const end = timedOut
        ? `gave up after ${options.timeoutMs / 1000} s`
        : `ended with ${signal ?? `code ${code}`}`;
      const lines = everything.trim().split('\n').slice(-6).join('\n');
      reject(new Error(`\`${[command, ...args.slice(0, 3)].join(' ')}\` ${end}:\n${lines}`));
    });
  });
}

/** The first command of the list that runs with these arguments, or undefined. */
export async function firstThatRuns(
  commands: readonly string[],
  args: readonly string[],
): Promise<string | undefined> {
  for (const command of commands) {
    try {
      await runCommand(command, args, { timeoutMs: setupLimits.versionMs });
      return command;
    } catch {
      // Absent or broken: the next one may do.
    }
  }
  return undefined;
}
