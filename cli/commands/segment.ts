/** `echoloop segment`: masks and overlays of videos. With checkpoint files it needs neither Temporal nor a store. */
import type { Command } from 'commander';
import { problemOf, problemText } from '../../app/file-problem.ts';
import type { PresetName } from '../../app/segmentation/load-model.ts';
import type { SegmentedFile } from '../../app/segmentation/segment-file.ts';
import { DomainError } from '../../ground/errors.ts';
import type { RewardNetwork } from '../../method/ppo/reward-networks.ts';
import { defineCommand, oneOf, positiveNumber } from '../command.ts';
import { FinishedWith } from '../failure.ts';
import { readingOf } from '../reading-options.ts';
import { openTerminal } from '../terminal.ts';

interface SegmentOptions {
  readonly model: string;
  readonly out: string;
  readonly preset?: PresetName;
  readonly tta?: boolean;
  readonly tto?: boolean;
  readonly uncertainty?: boolean;
  readonly reward: readonly string[];
  readonly spacingMm?: number;
  readonly frameTimeMs?: number;
  readonly json?: boolean;
}

export function segmentCommand(): Command {
  return defineCommand(
    'segment <video...>',
    'Segment videos (NIfTI, DICOM, MetaImage, films): a mask on the same grid as <name>.nii.gz and an overlay as <name>.gif.',
    'echoloop segment examples/echo-cine-30f.dcm --model policy.safetensors --out masks\necholoop segment video.dcm --model hospital --out masks --tto --uncertainty',
  )
    .requiredOption(
      '--model <name|file>',
      'a policy checkpoint (.safetensors), or the name of a model in the store',
    )
    .requiredOption('--out <dir>', 'folder for the results; made when it is absent')
    .option(
      '--preset <name>',
      'how videos were prepared, for a checkpoint that does not say so itself',
      oneOf(['tiny', 'small', 'paper'] as const),
    )
    .option('--tta', 'test-time augmentation: the mean over 25 views of each video, 25 times the time')
    .option(
      '--tto',
      'test-time optimisation: where the result breaks anatomy or time, optimise on that video by the rewards',
    )
    .option(
      '--uncertainty',
      'also write <name>.confidence.nii.gz (float32 in [0, 1]; 1 - it is the uncertainty) and <name>.uncertainty.gif',
    )
    .option(
      '--reward <file>',
      'a reward network for --tto and --uncertainty; repeat it for a second kind. A model in the store brings its own',
      (file: string, files: readonly string[]) => [...files, file],
      [],
    )
    .option('--spacing-mm <mm>', 'pixel size of videos that state none, such as films', positiveNumber)
    .option('--frame-time-ms <ms>', 'time from frame to frame of videos that state none', positiveNumber)
    .action(segment);
}

async function segment(videos: string[], options: SegmentOptions): Promise<void> {
  const terminal = openTerminal(options.json === true);
  const { mkdir } = await import('node:fs/promises');
  const { checkOutputs } = await import('../../app/segmentation/output-files.ts');
  const { isModelFile } = await import('../../app/segmentation/model-file.ts');
  const uncertainty = options.uncertainty === true;
  checkOutputs(videos, options.out, uncertainty);
  const fromFile = await isModelFile(options.model);
  checkRewardOptions(options, fromFile);
  await checkFiles(videos, options, fromFile);
  // Both bring the tensor packages, which take seconds to load.
  const { segmentFile } = await import('../../app/segmentation/segment-file.ts');
  const { selectTensorBackend } = await import('../../runtime/tensors.ts');
  const backend = await selectTensorBackend();
  const { model, rewards } = await loadNetworks(options, fromFile);
  await mkdir(options.out, { recursive: true });
  terminal.note(`tensors run on ${backend.name}`);
  const extras = { augment: options.tta === true, optimise: options.tto === true, uncertainty, rewards };
  const reading = await readingOf(options);
  const done: SegmentedFile[] = [];
  const problems = [];
  for (const [index, video] of videos.entries()) {
    terminal.note(`${index + 1} of ${videos.length}: ${video}`);
    try {
      const segmented = await segmentFile(video, model, options.out, extras, reading);
      done.push(segmented);
      if (segmented.optimisation) terminal.note(`  ${optimisationText(segmented.optimisation)}`);
    } catch (error) {
      problems.push(problemOf(video, error));
    }
  }
  for (const network of [model.policy, ...rewards.map(({ network }) => network)]) network.dispose();
  terminal.printJson({
    model: options.model,
    backend: backend.name,
    videos: done,
    ...(problems.length > 0 ? { problems } : {}),
  });
  for (const { mask, overlay, confidence, uncertaintyOverlay } of done) {
    terminal.print([mask, overlay, confidence, uncertaintyOverlay].filter(Boolean).join('\n'));
  }
  if (problems.length === 0) return;
  for (const problem of problems) terminal.note(`echoloop: ${problemText(problem)}`);
  throw new FinishedWith(3);
}

function needsRewards({ tto, uncertainty }: SegmentOptions): boolean {
  return tto === true || uncertainty === true;
}

/** @throws DomainError ConfigInvalid when options ask for reward networks that nothing names, or name ones that nothing asks for. */
function checkRewardOptions(options: SegmentOptions, fromFile: boolean): void {
  if (!needsRewards(options)) {
    if (options.reward.length === 0) return;
    throw new DomainError(
      'ConfigInvalid',
      '--reward is used by --tto and --uncertainty alone. Add one of them, or leave it out.',
    );
  }
  if (!fromFile || options.reward.length > 0) return;
  throw new DomainError(
    'ConfigInvalid',
    `${options.tto ? '--tto' : '--uncertainty'} needs a reward network, and the policy file ${options.model} names none. Add --reward FILE (a checkpoint of kind anatomical-reward or landmark-reward), or name a model in the store, which has its own.`,
  );
}

/** @throws DomainError naming what is not there: nothing is segmented when a name is wrong. */
async function checkFiles(
  videos: readonly string[],
  { model, reward }: SegmentOptions,
  fromFile: boolean,
): Promise<void> {
  const { requirePaths } = await import('../named-paths.ts');
  await requirePaths(
    fromFile ? [model, ...reward] : reward,
    'ArtefactMissing',
    '--model takes a .safetensors file of a policy, or the name of a model in the store; --reward takes a .safetensors file of a reward network.',
  );
  await requirePaths(videos, 'DatasetInvalid', 'Check the path: nothing was segmented.');
}

async function loadNetworks(options: SegmentOptions, fromFile: boolean) {
  const { loadModelFile } = await import('../../app/segmentation/load-model.ts');
  const { loadRewardFiles } = await import('../../app/segmentation/reward-networks.ts');
  const named = await loadRewardFiles(options.reward);
  if (fromFile) return { model: await loadModelFile(options.model, options.preset), rewards: named };
  const { currentDeployment, storeOf } = await import('../../app/connections.ts');
  const { loadChampionModel, loadChampionRewards } = await import('../../app/models/champion.ts');
  const store = storeOf(await currentDeployment());
  const rewards: readonly RewardNetwork[] =
    named.length > 0 || !needsRewards(options) ? named : await loadChampionRewards(store, options.model);
  return { model: await loadChampionModel(store, options.model), rewards };
}

function optimisationText({
  validBefore,
  validAfter,
  pass,
  failingFrames,
}: NonNullable<SegmentedFile['optimisation']>): string {
  if (validBefore) return 'valid as it is: nothing to optimise';
  const kept = pass === 0 ? 'no pass did better than the policy as it is' : `kept pass ${pass}`;
  const verdict = validAfter ? 'valid' : 'still not valid';
  return `not valid; ${kept}, now ${verdict} (failing frames after each pass: ${failingFrames.join(', ')})`;
}
