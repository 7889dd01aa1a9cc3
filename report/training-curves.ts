/** The curves that training activities stored, thinned to what a chart can show. */
import { z } from 'zod';
import { runKeys } from '../storage/keys.ts';
import type { ObjectStore } from '../storage/store.ts';
import type { ReportCurve } from './report-data.ts';
import { storedBytes } from './stored-bytes.ts';

/** Every training stores its measures as points under `points`; the rest differs by stage. */
const CurveFileSchema = z.object({ points: z.array(z.record(z.string(), z.number())) });

const mostPoints = 160;

/** Which measures of a stage are drawn, with the name of the vertical axis. */
interface StageCurves {
  readonly key: string;
  readonly stage: string;
  readonly measures: readonly { readonly field: string; readonly name: string; readonly unit: string }[];
}

function stagesOf(run: string, iterations: number): StageCurves[] {
  const loss = { field: 'loss', name: 'training', unit: 'loss' };
  const rewardFit = [
    { field: 'loss', name: 'training', unit: 'squared error' },
    { field: 'validationLoss', name: 'validation', unit: 'squared error' },
  ];
  const stages: StageCurves[] = [
    { key: `${runKeys.pretraining(run)}curve.json`, stage: 'Supervised pretraining', measures: [loss] },
    { key: `${runKeys.autoencoder(run)}curve.json`, stage: 'Shape autoencoder', measures: [loss] },
    {
      key: `${runKeys.landmarkReward(run)}fit.json`,
      stage: 'Landmark reward network',
      measures: rewardFit,
    },
  ];
  for (let iteration = 1; iteration <= iterations; iteration++) {
    const folder = runKeys.iteration(run, iteration);
    stages.push(
      {
        key: `${folder}rewards/fit.json`,
        stage: `Reward network, iteration ${iteration}`,
        measures: rewardFit,
      },
      {
        key: `${folder}fine-tuning/curve.json`,
        stage: `Policy fine-tuning, iteration ${iteration}`,
        measures: [
          { field: 'reward', name: 'window', unit: 'mean reward' },
          { field: 'validationReward', name: 'validation', unit: 'mean reward' },
          { field: 'approxKl', name: 'approximate KL divergence', unit: 'nats' },
        ],
      },
    );
  }
  return stages;
}

/** Curves of the stages that have run; a stage without a file is left out. */
export async function trainingCurves(
  store: ObjectStore,
  run: string,
  iterations: number,
): Promise<ReportCurve[]> {
  const curves: ReportCurve[] = [];
  for (const { key, stage, measures } of stagesOf(run, iterations)) {
    const bytes = await storedBytes(store, key);
    if (!bytes) continue;
    const { points } = CurveFileSchema.parse(JSON.parse(new TextDecoder().decode(bytes)));
    for (const { field, name, unit } of measures) {
      const series = points.flatMap((point, index): [number, number][] => {
        const value = point[field];
        return value === undefined || !Number.isFinite(value) ? [] : [[point.step ?? index + 1, value]];
      });
      if (series.length > 0) curves.push({ stage, name, unit, xLabel: 'step', points: thinned(series) });
    }
  }
  return curves;
}

/** Means over equal stretches, so that noise is smoothed and no trend is lost. */
function thinned(points: readonly [number, number][]): [number, number][] {
  if (points.length <= mostPoints) return [...points];
  const stretches: [number, number][] = [];
  for (let i = 0; i < mostPoints; i++) {
    const part = points.slice(
      Math.floor((i * points.length) / mostPoints),
      Math.floor(((i + 1) * points.length) / mostPoints),
    );
    const mean = (axis: 0 | 1) => part.reduce((sum, point) => sum + point[axis], 0) / part.length;
    stretches.push([Number(mean(0).toFixed(1)), mean(1)]);
  }
  return stretches;
}
