/**
 * What a finished demonstration leaves in a folder: the policy, the real recording segmented by it, and the page about
 * the run.
 */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { AdaptationResult } from '../../contracts/messages.ts';
import type { PolicyResult } from '../../contracts/results.ts';
import type { RunConfig } from '../../contracts/run-config.ts';
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

export interface QuickstartFiles {
  readonly policy: string;
  readonly mask: string;
  readonly overlay: string;
  readonly page: string;
}

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
  const after = await segmentBy(store, result.best, config, clip, { folder, policy });
  const first = result.policies[0] ?? result.best;
  const before = await segmentBy(store, first, config, clip, { folder: join(folder, 'before') });
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
      caption:
        'Top: before the adaptation. Bottom: after. It has no reference annotation, so this is for the eye alone.',
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
  return { policy, mask: after.file.mask!, overlay: after.file.overlay!, page };
}

/** Segments the recording by one policy of the run into a folder; the policy itself is written to `to.policy`. */
async function segmentBy(
  store: ObjectStore,
  { policy }: PolicyResult,
  config: RunConfig,
  clip: string,
  to: { readonly folder: string; readonly policy?: string },
) {
  const bytes = await readArtefact(store, policy);
  const model = modelOf(bytes, policy.key, config);
  try {
    if (to.policy !== undefined) await writeWholeFile(to.policy, bytes);
    const results = { out: to.folder, formats: usualFormats, uncertainty: false };
    return await segmentFile(clip, model, results);
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
