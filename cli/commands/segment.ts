/** `echoloop segment`: masks and overlays of videos. With a checkpoint file it needs neither Temporal nor a store. */
import type { Command } from 'commander';
import type { presets } from '../../contracts/presets.ts';
import { defineCommand, oneOf } from '../command.ts';
import { FinishedWith } from '../failure.ts';
import { problemOf, problemText } from '../file-problem.ts';
import { openTerminal } from '../terminal.ts';

interface SegmentOptions {
  readonly model: string;
  readonly out: string;
  readonly preset?: keyof typeof presets;
  readonly json?: boolean;
}

export function segmentCommand(): Command {
  return defineCommand(
    'segment <video...>',
    'Segment videos (NIfTI, DICOM): a mask on the same grid as <name>.nii.gz and an overlay as <name>.gif.',
    'echoloop segment examples/echo-cine-30f.dcm --model policy.safetensors --out masks',
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
    .action(segment);
}

async function segment(videos: string[], options: SegmentOptions): Promise<void> {
  const terminal = openTerminal(options.json === true);
  const { mkdir } = await import('node:fs/promises');
  const { requireDistinctNames } = await import('../segmentation/video-names.ts');
  const { isModelFile, loadModelFile } = await import('../segmentation/load-model.ts');
  const { segmentFile } = await import('../segmentation/segment-file.ts');
  const { selectTensorBackend } = await import('../../runtime/tensors.ts');
  requireDistinctNames(videos);
  const backend = await selectTensorBackend();
  const model = (await isModelFile(options.model))
    ? await loadModelFile(options.model, options.preset)
    : await loadChampion(options.model);
  await mkdir(options.out, { recursive: true });
  terminal.note(`tensors run on ${backend.name}`);
  const done = [];
  const problems = [];
  for (const [index, video] of videos.entries()) {
    terminal.note(`${index + 1} of ${videos.length}: ${video}`);
    try {
      done.push(await segmentFile(video, model, options.out));
    } catch (error) {
      problems.push(problemOf(video, error));
    }
  }
  model.policy.dispose();
  terminal.printJson({
    model: options.model,
    backend: backend.name,
    videos: done,
    ...(problems.length > 0 ? { problems } : {}),
  });
  for (const { mask, overlay } of done) terminal.print(`${mask}\n${overlay}`);
  if (problems.length === 0) return;
  for (const problem of problems) terminal.note(`echoloop: ${problemText(problem)}`);
  throw new FinishedWith(3);
}

async function loadChampion(name: string) {
  const { currentDeployment, storeOf } = await import('../connections.ts');

  const { loadChampionModel } = await import('../models/champion.ts');
  return loadChampionModel(storeOf(await currentDeployment()), name);
}
