/** `echoloop evaluate`: the metrics of method.md 9 over two folders of masks. Needs neither Temporal nor a store. */
import type { Command } from 'commander';
import type { EvaluationSummary, VideoScore } from '../../contracts/evaluation.ts';
import { defineCommand } from '../command.ts';
import { FinishedWith } from '../failure.ts';
import { type FileProblem, problemText } from '../file-problem.ts';
import { openTerminal } from '../terminal.ts';
import { textTable } from '../text-table.ts';

interface EvaluateOptions {
  readonly predictions: string;
  readonly references?: string;
  readonly json?: boolean;
}

export function evaluateCommand(): Command {
  return defineCommand(
    'evaluate',
    'Score masks (NIfTI) against references of the same file name; without references, the measures that need none.',
    'echoloop evaluate --predictions results/masks --references data/labels --json > scores.json',
  )
    .requiredOption('--predictions <dir>', 'folder with predicted masks, <video>.nii.gz or <video>.nii')
    .option('--references <dir>', 'folder with reference masks of the same names')
    .action(evaluate);
}

async function evaluate(options: EvaluateOptions): Promise<void> {
  const terminal = openTerminal(options.json === true);
  const { pairFiles } = await import('../evaluation/pair-files.ts');
  const { scorePairs } = await import('../evaluation/score-pool.ts');
  const { summarise } = await import('../../metrics/summary.ts');
  const { pairs, problems } = await pairFiles(options.predictions, options.references);
  const outcomes = await scorePairs(pairs, (done, total) => {
    if (terminal.interactive) terminal.redraw([`scored ${done} of ${total} videos`]);
  });
  const videos: VideoScore[] = [];
  for (const outcome of outcomes) {
    if ('score' in outcome) videos.push(outcome.score);
    else problems.push(outcome.problem);
  }
  const summary = summarise(videos);
  terminal.printJson({ videos, summary, ...(problems.length > 0 ? { problems } : {}) });
  terminal.print(scoreTable(videos, summary));
  if (problems.length === 0) return;
  terminal.note(problemList(problems, videos.length));
  throw new FinishedWith(3);
}

function scoreTable(videos: readonly VideoScore[], summary: EvaluationSummary): string {
  const number = (value: number | null | undefined, digits: number) =>
    value === undefined || value === null || !Number.isFinite(value) ? '-' : value.toFixed(digits);
  const verdict = (valid: boolean) => (valid ? 'valid' : 'invalid');
  const rows = videos.map((video) => [
    video.id,
    String(video.frames),
    number(video.dice?.mean, 4),
    number(video.hausdorffMm?.mean, 2),
    verdict(video.anatomical.valid),
    verdict(video.temporal.valid),
    number(video.landmarks?.mistakesPerCycle5mm, 1),
  ]);
  const percent = (share: number | null | undefined) =>
    share === undefined || share === null ? '-' : `${(100 * share).toFixed(1)} %`;
  rows.push([
    `all ${summary.videos} videos`,
    '',
    number(summary.dice?.mean, 4),
    number(summary.hausdorffMm?.mean, 2),
    percent(summary.anatomicalValidity),
    percent(summary.temporalValidity),
    number(summary.mistakesPerCycle5mm, 1),
  ]);
  return textTable(['video', 'frames', 'Dice', 'Hausdorff mm', 'anatomy', 'time', 'mistakes/cycle'], rows);
}

function problemList(problems: readonly FileProblem[], scored: number): string {
  const lines = problems.map((problem) => `  ${problemText(problem)}`);
  return `echoloop: ${problems.length} file${problems.length === 1 ? '' : 's'} could not be scored (${scored} scored):\n${lines.join('\n')}`;
}
