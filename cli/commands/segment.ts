/** `echoloop segment`: masks and overlays of videos. With checkpoint files it needs neither Temporal nor a store. */
import type { Command } from 'commander';
import { problemText } from '../../app/file-problem.ts';
import { type ResultFormat, resultFormats, usualFormats } from '../../app/segmentation/result-formats.ts';
import type { SegmentedFile } from '../../app/segmentation/segment.ts';
import { likelyHeartAgreement } from '../../contracts/likely-heart.ts';
import { type PresetName, presetNames } from '../../contracts/preset-names.ts';
import { type RefusalReason, refusalReasonNames } from '../../datasets/refusal.ts';
import { defineCommand, oneOf, positiveNumber, someOf } from '../command.ts';
import { FinishedWith } from '../failure.ts';
import { readingOf } from '../reading-options.ts';
import { openTerminal } from '../terminal.ts';

interface SegmentOptions {
  readonly model: string;
  readonly out: string;
  readonly format: readonly ResultFormat[];
  readonly preset?: PresetName;
  readonly tta?: boolean;
  readonly tto?: boolean;
  readonly uncertainty?: boolean;
  readonly reward: readonly string[];
  readonly shapes?: string;
  readonly spacingMm?: number;
  readonly frameTimeMs?: number;
  readonly force: readonly RefusalReason[];
  readonly json?: boolean;
}

const formatHelp =
  'what to write, separated by commas: nifti (mask), gif (overlay; a red border marks frames to look at), mp4 (the same, larger, by ffmpeg), csv (measures: <name>.frames.csv, and a row a video in measures.csv), json (measures: <name>.measures.json), dicom-seg, dicom-sc (overlay as a colour loop), dicom-sr (measures). Those of DICOM belong to the patient and study of a DICOM video, as its header names them';

export function segmentCommand(): Command {
  return defineCommand(
    'segment <video...>',
    'Segment videos (NIfTI, DICOM, MetaImage, films): a mask on the same grid as <name>.nii.gz and an overlay as <name>.gif, or what --format names.',
    'echoloop segment examples/echo-cine-30f.dcm --model policy.safetensors --out masks\n' +
      'echoloop segment video.dcm --model hospital --out masks --tto --uncertainty\n' +
      'echoloop segment *.dcm --model hospital --out results --format csv,gif',
  )
    .requiredOption(
      '--model <name|file>',
      'a policy checkpoint (.safetensors), or the name of a model in the store',
    )
    .requiredOption('--out <dir>', 'folder for the results; made when it is absent')
    .option('--format <list>', formatHelp, someOf(resultFormats), usualFormats)
    .option(
      '--preset <name>',
      'how videos were prepared, for a policy that does not come with that',
      oneOf(presetNames),
    )
    .option(
      '--tta',
      'test-time augmentation: the mean over several views of each video (25 by default), as many times the time',
    )
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
    .option(
      '--shapes <file>',
      'linear shapes of the run that made the policy, to complete segmentations with. A model that a run made in the store brings its own',
    )
    .option('--spacing-mm <mm>', 'pixel size of videos that state none, such as films', positiveNumber)
    .option('--frame-time-ms <ms>', 'time from frame to frame of videos that state none', positiveNumber)
    .option(
      '--force <reason>',
      `take videos that this reason speaks against; repeat it for others: ${refusalReasonNames.join(', ')}`,
      (text: string, reasons: readonly RefusalReason[]) => [...reasons, oneOf(refusalReasonNames)(text)],
      [],
    )
    .action(segmentFiles);
}

async function segmentFiles(videos: string[], options: SegmentOptions): Promise<void> {
  const terminal = openTerminal(options.json === true);
  const { segment } = await import('../../app/segmentation/segment.ts');
  const { model, out, format, preset, reward, shapes } = options;
  const { findFilmWriter } = await import('../../app/media/film-writer.ts');
  const request = {
    videos,
    model,
    out,
    formats: format,
    preset,
    rewards: reward,
    shapes,
    augment: options.tta === true,
    optimise: options.tto === true,
    uncertainty: options.uncertainty === true,
    reading: await readingOf(options),
    filmWriter: format.includes('mp4') ? await findFilmWriter(process.env) : undefined,
  };
  const {
    backend,
    videos: done,
    table,
    shapesMissing,
    problems,
  } = await segment(request, {
    onBackend: ({ name }) => terminal.note(`tensors run on ${name}`),
    onShapesMissing: () =>
      terminal.note(
        'not completed: this policy is used with the linear shapes of its run, and brings none. Add --shapes FILE (of the model that its run made: echoloop models export MODEL --format shapes)',
      ),
    onVideo: (video, index) => terminal.note(`${index + 1} of ${videos.length}: ${video}`),
    onSegmented: ({ optimisation, shapeAgreement, completed, mirrored }) => {
      if (completed === false) {
        terminal.note(
          `  not completed: hardly any of what was seen is a likely heart (agreement ${shapeAgreement}); the mask is what the policy saw`,
        );
      } else if (shapeAgreement !== undefined && shapeAgreement < likelyHeartAgreement) {
        terminal.note(
          `  look at it: little of what was seen is a likely heart (agreement ${shapeAgreement}), so the shape is mostly guessed`,
        );
      }
      if (mirrored)
        terminal.note(
          '  look at it: the policy saw a likelier heart in the mirror image, and the mask is of that',
        );
      if (optimisation) terminal.note(`  ${optimisationText(optimisation)}`);
    },
  });
  terminal.printJson({
    model,
    backend,
    videos: done,
    ...(table !== undefined && { table }),
    ...(shapesMissing && { shapesMissing }),
    ...(problems.length > 0 && { problems }),
  });
  for (const path of [...done.flatMap(pathsOf), ...(table === undefined ? [] : [table])])
    terminal.print(path);
  if (problems.length === 0) return;
  for (const problem of problems) terminal.note(`echoloop: ${problemText(problem)}`);
  throw new FinishedWith(3);
}

function pathsOf({ mask, overlay, film, frameTable, measures, ...others }: SegmentedFile): string[] {
  const { dicomSegmentation, dicomCapture, dicomReport, confidence, uncertaintyOverlay } = others;
  return [
    ...[mask, overlay, film, frameTable, measures],
    ...[dicomSegmentation, dicomCapture, dicomReport, confidence, uncertaintyOverlay],
  ].filter((path) => path !== undefined);
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
