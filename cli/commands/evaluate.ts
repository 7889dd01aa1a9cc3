/** `echoloop evaluate`: the metrics of method.md 9 over two folders of masks. Needs neither Temporal nor a store. */
import type { Command } from 'commander';
import { type FileProblem, problemText } from '../../app/file-problem.ts';
import type { LabelMap } from '../../datasets/nifti.ts';
import { counted } from '../../ground/counted.ts';
import { defineCommand } from '../command.ts';
import { FinishedWith } from '../failure.ts';
import { labelMapping } from '../reading-options.ts';
import { openTerminal } from '../terminal.ts';

interface EvaluateOptions {
  readonly predictions: string;
  readonly references?: string;
  readonly baseline?: string;
  readonly confidence?: string;
  readonly labelsMap?: LabelMap;
  readonly manifest?: string;
  readonly csv?: string;
  readonly json?: boolean;
}

export function evaluateCommand(): Command {
  return defineCommand(
    'evaluate',
    'Score masks (NIfTI) against references of the same file name; without references, the measures that need none.',
    'echoloop evaluate --predictions results/masks --references data/labels --csv scores.csv\n' +
      'echoloop evaluate --predictions adapted --baseline source-only --references data/labels --json > scores.json',
  )
    .requiredOption('--predictions <dir>', 'folder with predicted masks, <video>.nii.gz or <video>.nii')
    .option('--references <dir>', 'folder with reference masks of the same names')
    .option(
      '--baseline <dir>',
      'folder with the masks of another method: paired differences, intervals, tests',
    )
    .option(
      '--confidence <dir>',
      'folder with confidence maps in [0, 1], <video>.confidence.nii.gz or <video>.nii.gz: calibration; needs --references',
    )
    .option(
      '--labels-map <pairs>',
      'labels of other conventions in any of the masks, such as 3=0 for an atrium that counts as background',
      labelMapping,
    )
    .option(
      '--manifest <file>',
      'table with study and view of every video (default: a manifest.csv in, or one above, the folders)',
    )
    .option('--csv <file>', 'also write one row a video with every measure')
    .action(evaluateFolders);
}

async function evaluateFolders(options: EvaluateOptions): Promise<void> {
  const { json, labelsMap, ...folders } = options;
  const request = { ...folders, labelMap: labelsMap };
  const terminal = openTerminal(json === true);
  const { evaluate } = await import('../../app/evaluation/evaluate.ts');
  const { reportText } = await import('../text/report-tables.ts');
  const { report, problems, notes } = await evaluate(request, (done, total) => {
    if (terminal.interactive) terminal.redraw([`scored ${done} of ${total} videos`]);
  });
  terminal.printJson({
    ...report,
    ...(notes.length > 0 && { notes }),
    ...(problems.length > 0 && { problems }),
  });
  for (const { file, note } of notes) terminal.note(`${file}: ${note}`);
  // Shares of no videos would read as a result.
  if (report.videos.length > 0) terminal.print(reportText(report));
  if (problems.length === 0) return;
  terminal.note(problemList(problems, report.videos.length));
  throw new FinishedWith(3);
}

function problemList(problems: readonly FileProblem[], scored: number): string {
  const lines = problems.map((problem) => `  ${problemText(problem)}`);
  return `echoloop: ${counted(problems.length, 'file')} could not be used (${counted(scored, 'video')} scored):\n${lines.join('\n')}`;
}
