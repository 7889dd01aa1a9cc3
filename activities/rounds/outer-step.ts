/** The outer step of a local-SGD round (method.md 7) on stored parts. */
import type { MergeRoundInput } from '../../contracts/round-activities.ts';
import type { LocalSgdConfig } from '../../contracts/run-config.ts';
import type { NamedArrays } from '../../method/networks/named-arrays.ts';
import { takeArrays, withPrefix } from '../../method/networks/prefixed-arrays.ts';
import type { UNet3D } from '../../method/networks/unet3d.ts';
import { averageDeltas, outerStep } from '../../method/scale-out/outer-step.ts';
import { readArrays } from '../artefacts/networks.ts';
import type { ActivityContext } from '../context.ts';

/** Moves the networks, named as the parts name their deltas; gives the momenta for the next round. */
export async function takeOuterStep(
  networks: ReadonlyMap<string, UNet3D>,
  { locals, momentum }: Pick<MergeRoundInput, 'locals' | 'momentum'>,
  { outerLearningRate, outerMomentum }: LocalSgdConfig,
  context: ActivityContext,
): Promise<NamedArrays> {
  const made = await Promise.all(locals.map(({ local }) => readArrays(context, local)));
  const before = momentum && (await readArrays(context, momentum));
  const momenta: NamedArrays[] = [];
  for (const [name, network] of networks) {
    const step = outerStep(
      network.toArrays(),
      averageDeltas(made.map((arrays) => takeArrays(`${name}Delta`, arrays))),
      before && takeArrays(name, before),
      { learningRate: outerLearningRate, momentum: outerMomentum },
    );
    network.assign(step.weights);
    momenta.push(withPrefix(name, step.momentum));
  }
  return Object.assign({}, ...momenta);
}
