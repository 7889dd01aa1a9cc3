/** A run's state in words for a terminal. */
import type { RunState } from '../../app/runs/adaptation-client.ts';
import {
  besideTraining,
  type Rate,
  type StageWork,
  stageWork,
  trainingOf,
} from '../../app/runs/stage-work.ts';
import { stateInWords } from '../../app/runs/state-in-words.ts';
import type { ComparisonProgress } from '../../contracts/comparison.ts';
import type { EvaluationNumbers } from '../../contracts/results.ts';
import { counted } from '../../ground/counted.ts';

/** The display as lines: what runs, how far it is, what is known of the result. */
export function progressLines(state: RunState, rate: Rate | undefined): string[] {
  const { progress, comparison } = state;
  if (comparison) return comparisonLines(state, comparison, rate);
  if (!progress) {
    return [
      `${state.kind === 'comparison' ? 'comparison' : 'run'} ${state.run}: ${stateInWords(state.status)}`,
      ...(state.status === 'RUNNING'
        ? ['waiting for a control worker; when none is starting: npx echoloop up']
        : []),
    ];
  }
  const lines = [
    `run ${state.run}  iteration ${progress.iteration} of ${progress.iterations}  ${progress.state}  ${duration(secondsSince(progress.startedAt))}`,
    `${progress.stage}${workText(state, rate)}`,
    ...besideTraining(state).map((work) => `beside it ${work.name}: ${amount(work)}`),
  ];
  const facts = factsOf(state, progress);
  if (facts.length > 0) lines.push(facts.join('  '));
  if (progress.before) lines.push(`before: ${numbersText(progress.before)}`);
  if (progress.now && progress.iteration > 0) lines.push(`now:    ${numbersText(progress.now)}`);
  return [...lines, ...failureLines(state)];
}

function comparisonLines(
  state: RunState,
  { state: steered, rowsDone, rows, row, stage, startedAt }: ComparisonProgress,
  rate: Rate | undefined,
): string[] {
  return [
    `comparison ${state.run}  ${rowsDone} of ${rows} rows done  ${steered}  ${duration(secondsSince(startedAt))}`,
    `${row === '' ? stage : `${row}: ${stage}`}${workText(state, rate)}`,
    ...failureLines(state),
  ];
}

/** How much of the stage is done, and how fast; nothing before anything countable has begun. */
function workText(state: RunState, rate: Rate | undefined): string {
  const work = stageWork(state);
  return work ? `  ${bar(work)} ${amount(work)}${rateText(rate, work.unit)}` : '';
}

function failureLines({ activities }: RunState): string[] {
  return activities.flatMap(({ name, attempt, lastFailure }) =>
    lastFailure ? [`${name}: try ${attempt}, the one before failed: ${firstLine(lastFailure)}`] : [],
  );
}

/** What is known beside the stage: loss, reward, labels, quarantine; in that order, as far as there is any. */
function factsOf(state: RunState, progress: NonNullable<RunState['progress']>): string[] {
  const training = trainingOf(state)?.heartbeat;
  const reward = training?.reward ?? progress.reward;
  const { labels } = progress;
  return [
    training?.loss !== undefined ? `loss ${training.loss.toPrecision(3)}` : undefined,
    reward !== undefined ? `reward ${reward.toFixed(3)}` : undefined,
    labels
      ? `labels: ${labels.kept} kept, ${labels.corrected} corrected, ${labels.rejected} left out`
      : undefined,
    progress.quarantined > 0 ? `quarantined ${progress.quarantined}` : undefined,
  ].filter((fact) => fact !== undefined);
}

/** The same on one line, for logs: facts and metrics too, whichever of them there are by now. */
export function progressLine(state: RunState, rate: Rate | undefined): string {
  return progressLines(state, rate).join(' | ');
}

function amount({ done, total, unit, phase }: StageWork): string {
  return `${done} of ${total} ${unit}${phase ? ` (now ${phase})` : ''}`;
}

function bar({ done, total }: StageWork): string {
  const width = 20;
  const full = Math.max(0, Math.min(width, Math.round((width * done) / Math.max(1, total))));
  return `[${'#'.repeat(full)}${'.'.repeat(width - full)}]`;
}

function rateText(rate: Rate | undefined, unit: string): string {
  if (!rate || !Number.isFinite(rate.secondsLeft)) return '';
  return `, ${rate.perSecond.toPrecision(2)} ${unit}/s, ${duration(rate.secondsLeft)} left`;
}

function duration(seconds: number): string {
  if (seconds < 90) return `${Math.round(seconds)} s`;
  const minutes = Math.round(seconds / 60);
  return minutes < 90 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

function secondsSince(iso: string): number {
  return Math.max(0, (Date.now() - Date.parse(iso)) / 1000);
}

/** `Dice 81.2 %, Hausdorff 6.1 mm, anatomically valid 75 %, temporally valid 63 % (16 videos)` */
function numbersText(numbers: EvaluationNumbers): string {
  const percent = (share: number, digits: number) => `${(100 * share).toFixed(digits)} %`;
  return [
    numbers.dice === undefined ? undefined : `Dice ${percent(numbers.dice, 1)}`,
    numbers.hausdorffMm === undefined ? undefined : `Hausdorff ${numbers.hausdorffMm.toFixed(1)} mm`,
    `anatomically valid ${percent(numbers.anatomicalValidity, 0)}`,
    `temporally valid ${percent(numbers.temporalValidity, 0)}`,
  ]
    .filter((part) => part !== undefined)
    .join(', ')
    .concat(` (${counted(numbers.videos, 'video')})`);
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0]!;
}
