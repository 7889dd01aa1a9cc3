/** Runs one command line and says which exit code it leaves. */
import { FinishedWith, failureOf } from './failure.ts';
import { buildProgram } from './program.ts';
import { openTerminal } from './terminal.ts';

/**
 * @param args without the interpreter and the script.
 * @returns 0 done, 1 the run failed, 2 wrong usage or configuration, 3 bad data, 4 a service is not reachable.
 */
export async function main(args: readonly string[]): Promise<number> {
  // Libraries that write to the console would break the one JSON document on standard output.
  console.log = console.error;
  console.info = console.error;
  try {
    await buildProgram().parseAsync([...args], { from: 'user' });
    return 0;
  } catch (error) {
    if (error instanceof FinishedWith) return error.exitCode;
    const failure = failureOf(error);
    if (!failure) return 0;
    const terminal = openTerminal(args.includes('--json'));
    terminal.note(`echoloop: ${failure.message}`);
    terminal.printJson({ error: { code: failure.code, message: failure.message } });
    return failure.exitCode;
  }
}
