/**
 * What a finished demonstration leaves in a folder: the policy and the shapes of its source, the real recording
 * segmented by them, and the page about the run.
 */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { AdaptationResult } from '../../contracts/messages.ts';
import { plainInference } from '../../contracts/plain-inference.ts';
import type { PolicyResult } from '../../contracts/results.ts';
import type { RunConfig } from '../../contracts/run-config.ts';
import type { LinearShapes } from '../../method/shapes/linear-shapes.ts';
import { decodeLinearShapes } from '../../method/shapes/shapes-checkpoint.ts';
import { encodeContactSheet } from '../../report/contact-sheet.ts';
import { dataUri } from '../../report/data-uri.ts';
import { encodeOverlayGif } from '../../report/overlay-gif.ts';
import { renderReport } from '../../report/page.ts';
import type { ReportInput } from '../../report/report-data.ts';
import { collectRunReport } from '../../report/run-report.ts';
import { codeVersion } from '../../runtime/installation.ts';
import { selectTensorBackend } from '../../runtime/tensors.ts';
import { readArtefact, readArtefactAt } from '../../storage/artefacts.ts';
import { runKeys } from '../../storage/keys.ts';
import type { ObjectStore } from '../../storage/store.ts';
import { writeWholeFile } from '../../storage/whole-file.ts';
import { modelOf } from '../segmentation/networks.ts';
import { usualFormats } from '../segmentation/result-formats.ts';
import { segmentFile } from '../segmentation/segment.ts';
import type { SegmentationSettings } from '../segmentation/segment-video.ts';

export interface QuickstartFiles {
  readonly policy: string;
  /** Of the linear shapes (method.md 4.4). */
  readonly shapes: string;
  readonly mask: string;
  readonly overlay: string;
  readonly page: string;
  /** False where too little of what the policy saw in the recording is like a heart. */
  readonly completed: boolean;
}

/** What is said where it is not. */
export const notLikeAHeart =
  'Hardly any of what the policy sees here is like a heart, so nothing was completed: phantoms are not patients. The README shows a policy that was trained on these.';

export async function writeResults(
  store: ObjectStore,
  result: AdaptationResult,
  config: RunConfig,
  clip: string,
  folder: string,
): Promise<QuickstartFiles> {
  await mkdir(join(folder, 'before'), { recursive: true });
  await selectTensorBackend();
  const policy = join(folder, 'policy.safetensors');
  const shapes = join(folder, 'shapes.safetensors');
  const { bytes: known } = (await readArtefactAt(store, runKeys.linearShapes(result.run)))!;
  await writeWholeFile(shapes, known);
  await writeWholeFile(policy, await readArtefact(store, result.best.policy));
  const after = await segmentBy(store, result.best, config, clip, {
    folder,
    shapes: decodeLinearShapes(known),
  });
  const completed = after.file.completed !== false;
  const first = result.policies[0] ?? result.best;
  const plain = { ...config, inference: plainInference(config.inference) };
  const before = await segmentBy(store, first, plain, clip, { folder: join(folder, 'before') });
  const sheet = dataUri(encodeContactSheet([before.result, after.result]), 'image/png');
  const report = await collectRunReport(store, {
    ...result,
    config,
    codeVersion: codeVersion(),
    labels: [],
    testVideos: await testVideos(store, result.run),
  });
  const pictures: ReportInput['pictures'] = [
    {
      title: 'A real recording',
      caption: `Top: the policy before the adaptation as it came. Bottom: after, with all that inference does. ${completed ? 'It has no reference annotation, so this is for the eye alone.' : notLikeAHeart}`,
      alt: 'Frames of a real echocardiogram with its segmentation before and after the adaptation',
      uri: sheet,
    },
    {
      title: 'The same recording, after the adaptation',
      caption: '',
      alt: 'The real echocardiogram playing with its segmentation after the adaptation',
      uri: dataUri(
        encodeOverlayGif(after.result.image, after.result.labels, { longestSide: 400 }),
        'image/gif',
      ),
      still: dataUri(encodeContactSheet([after.result], { columns: 1, longestSide: 400 }), 'image/png'),
    },
  ];
  const page = join(folder, 'index.html');
  const generatedAt = new Date().toISOString();
  await writeWholeFile(
    page,
    await renderReport({ ...report, generatedAt, pictures: [...pictures, ...(report.pictures ?? [])] }),
  );
  return { completed, policy, shapes, mask: after.file.mask!, overlay: after.file.overlay!, page };
}

/** Segments the recording by one policy of the run into a folder. */
async function segmentBy(
  store: ObjectStore,
  { policy }: PolicyResult,
  settings: SegmentationSettings,
  clip: string,
  { folder, shapes }: { readonly folder: string; readonly shapes?: LinearShapes },
) {
  const model = modelOf(await readArtefact(store, policy), policy.key, { ...settings, shapes });
  try {
    return await segmentFile(clip, model, { out: folder, formats: usualFormats, uncertainty: false });
  } finally {
    model.policy.dispose();
  }
}

async function testVideos(store: ObjectStore, run: string): Promise<string[]> {
  const found = await readArtefactAt(store, runKeys.plan(run));
  if (!found) return [];
  const plan = z
    .object({ test: z.array(z.array(z.string())) })
    .parse(JSON.parse(Buffer.from(found.bytes).toString('utf8')));
  return plan.test.flat();
}
