/** Fits the linear shape model on the annotations of the source (method.md 4.4). */
import { z } from 'zod';
import type { LinearShapesResult, RunInput } from '../contracts/training-activities.ts';
import { randomStream } from '../ground/random.ts';
import { fitLinearShapes as fit } from '../method/shapes/linear-shapes.ts';
import { encodeLinearShapes } from '../method/shapes/shapes-checkpoint.ts';
import { runKeys } from '../storage/keys.ts';
import { writeBytes } from './artefacts/binary-artefact.ts';
import { writeJson } from './artefacts/json-artefact.ts';
import { readRun } from './artefacts/run-facts.ts';
import { activityKeys } from './artefacts/run-keys.ts';
import { type ActivityContext, logWork } from './context.ts';
import { findFinished } from './training/finished-training.ts';
import { readAnnotations } from './videos/annotations.ts';

const FitSchema = z.strictObject({ videos: z.int(), components: z.int(), quarantined: z.int() });

export async function fitLinearShapes(
  input: RunInput,
  context: ActivityContext,
): Promise<LinearShapesResult> {
  const { run } = input;
  const document = { key: activityKeys.linearShapesFit(run), schema: FitSchema };
  const key = runKeys.linearShapes(run);
  const finished = await findFinished(context, document, { shapes: key });
  if (finished) return { shapes: finished.made.shapes, quarantined: finished.document.quarantined };

  const facts = await readRun(input, context);
  const { config } = facts;
  const { labels, quarantined } = await readAnnotations(run, facts, context);
  const model = fit(labels, config.linearShapes, randomStream(config.seed, 'linear-shapes'));
  const inputs = [input.config, input.plan];
  const shapes = await writeBytes(context, key, encodeLinearShapes(model), inputs);
  const fitted = { videos: labels.length, components: model.variances.length, quarantined };
  await writeJson(context, document.key, fitted, [...inputs, shapes]);
  logWork(context, 'fitLinearShapes', key);
  return { shapes, quarantined };
}
