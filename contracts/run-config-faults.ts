/** Settings of a run that are each in range and do not go together: found at once, not hours into the run. */
import { type ConfigFault, multiplesOf } from './network-shape.ts';
import type { RunConfig } from './run-config.ts';

type Rule = (config: RunConfig) => ConfigFault | undefined;

const rules: readonly Rule[] = [
  ({ network, training }) => {
    const [frames] = multiplesOf(network);
    if (training.windowFrames % frames === 0) return undefined;
    return {
      path: ['training', 'windowFrames'],
      message:
        `a multiple of ${frames}, the strides of the network over time; it is ${training.windowFrames} ` +
        '(that of inference.windowFrames where it is left out)',
    };
  },
  ({ network, preprocessing: { multiple } }) => {
    const inPlane = multiplesOf(network).slice(1);
    if (inPlane.every((size) => multiple % size === 0)) return undefined;
    return {
      path: ['preprocessing', 'multiple'],
      message: `a multiple of ${[...new Set(inPlane)].join(' and ')}, the strides of the network in plane; it is ${multiple}`,
    };
  },
  ({ labelling, landmark }) => {
    const { weightNoise, contrast, imageNoise, structural, truth } = labelling;
    if (weightNoise.length + contrast.length + imageNoise.length > 0) return undefined;
    const hasOthers = structural > 0 || truth === 'sweep';
    if (hasOthers && !landmark.enabled) return undefined;
    return {
      path: ['labelling'],
      message: hasOthers
        ? 'the landmark reward learns from predictions that weightNoise, contrast or imageNoise degrade, and all three are empty'
        : 'rewards find no mistakes to learn from: weightNoise, contrast and imageNoise are empty, structural is 0',
    };
  },
  ({ ppo, inference }) => {
    if (!ppo.proposals.includes('completed') || inference.completion.enabled) return undefined;
    return {
      path: ['ppo', 'proposals'],
      message: 'completed needs the linear shapes that a run fits where inference.completion is enabled',
    };
  },
  ({ ppo, sweep, localSgd }) => {
    const fault = warmsUpForEver({ ppo, localSgd }, sweep.videosPerIteration);
    return fault === undefined ? undefined : { path: ['ppo', 'criticWarmupWindows'], message: fault };
  },
];

export function faultsOf(config: RunConfig): ConfigFault[] {
  return rules.map((rule) => rule(config)).filter((fault) => fault !== undefined);
}

/**
 * What is wrong when the draws for the critic alone are all that an iteration has; undefined when the policy gets some.
 * @param videos of the iteration, or the most that there may be
 */
export function warmsUpForEver(
  { ppo, localSgd: { workers } }: Pick<RunConfig, 'ppo' | 'localSgd'>,
  videos: number,
): string | undefined {
  if (ppo.objective !== 'published') return undefined;
  const draws = ppo.epochs * (ppo.windowsPerEpoch ?? videos);
  // Workers share both out, rounded up.
  if (Math.ceil(ppo.criticWarmupWindows / workers) < Math.ceil(draws / workers)) return undefined;
  const perEpoch = ppo.windowsPerEpoch ?? `${videos} videos`;
  const shared = workers > 1 ? `, shared out to ${workers} workers` : '';
  return (
    `less than the ${draws} draws of an iteration (${ppo.epochs} epochs of ${perEpoch}${shared}); ` +
    `it is ${ppo.criticWarmupWindows}, and the policy would never be trained`
  );
}
