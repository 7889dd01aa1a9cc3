/**
 * The command line: the tree of commands, one line of it run, and the exit code it leaves. Commands load what they need
 * when they run, so that --help answers at once.
 */
import { Command } from 'commander';
import { codeVersion } from '../runtime/installation.ts';
import { adaptCommand } from './commands/adapt.ts';
import { benchCommand } from './commands/bench.ts';
import { cancelCommand } from './commands/cancel.ts';
import { compareCommand } from './commands/compare.ts';
import { datasetsCommand } from './commands/datasets.ts';
import { doctorCommand } from './commands/doctor.ts';
import { downCommand } from './commands/down.ts';
import { evaluateCommand } from './commands/evaluate.ts';
import { importCommand } from './commands/import.ts';
import { ingestCommand } from './commands/ingest.ts';
import { modelsCommand } from './commands/models.ts';
import { pauseCommand } from './commands/pause.ts';
import { phantomCommand } from './commands/phantom.ts';
import { quickstartCommand } from './commands/quickstart.ts';
import { reportCommand } from './commands/report.ts';
import { resumeCommand } from './commands/resume.ts';
import { scaleCommand } from './commands/scale.ts';
import { scheduleCommand } from './commands/schedule.ts';
import { segmentCommand } from './commands/segment.ts';
import { setupCommand } from './commands/setup.ts';
import { statusCommand } from './commands/status.ts';
import { stopCommand } from './commands/stop.ts';
import { upCommand } from './commands/up.ts';
import { verifyCommand } from './commands/verify.ts';
import { watchCommand } from './commands/watch.ts';
import { workerCommand } from './commands/worker.ts';
import { FinishedWith, failureOf } from './failure.ts';
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

export function buildProgram(): Command {
  const program = new Command('echoloop')
    .description("Adapts an echocardiography segmentation model to a hospital's own unlabelled videos.")
    .version(codeVersion(), '--version', 'print the version')
    .exitOverride()
    .configureOutput({ outputError: () => {} })
    .helpCommand(false)
    .addHelpText(
      'after',
      '\nExample:\n  npx echoloop quickstart\n\nExit codes: 0 done, 1 the run failed, 2 wrong usage or configuration, 3 bad data, 4 a service is not reachable.',
    );
  program.commandsGroup('Start here:');
  for (const command of [
    quickstartCommand(),
    setupCommand(),
    doctorCommand(),
    upCommand(),
    downCommand(),
    workerCommand(),
  ]) {
    program.addCommand(command);
  }
  program.commandsGroup('Data:');
  for (const command of [phantomCommand(), ingestCommand(), verifyCommand(), datasetsCommand()])
    program.addCommand(command);
  program.commandsGroup('Runs:');
  for (const command of [
    adaptCommand(),
    statusCommand(),
    watchCommand(),
    pauseCommand(),
    resumeCommand(),
    scaleCommand(),
    stopCommand(),
    cancelCommand(),
    scheduleCommand(),
    reportCommand(),
  ]) {
    program.addCommand(command);
  }
  program.commandsGroup('Models and results:');
  for (const command of [
    modelsCommand(),
    importCommand(),
    segmentCommand(),
    evaluateCommand(),
    compareCommand(),
    benchCommand(),
  ]) {
    program.addCommand(command);
  }
  return program;
}
