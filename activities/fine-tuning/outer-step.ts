/** The outer step of a local-SGD round (method.md 7) on stored parts, and the policy that it leads to. */
import type { MergeRoundInput } from '../../contracts/activities.ts';
import { policySettings } from '../../contracts/policy-settings.ts';
import type { ArtefactRef } from '../../ground/artefact-ref.ts';
import type { NamedArrays } from '../../method/networks/named-arrays.ts';
import { takeArrays, withPrefix } from '../../method/networks/prefixed-arrays.ts';
import type { UNet3D } from '../../method/networks/unet3d.ts';
import { interpolateWeights } from '../../method/ppo/interpolation.ts';
import { resultShareAt } from '../../method/ppo/schedules.ts';
import { averageDeltas, outerStep } from '../../method/scale-out/outer-step.ts';
import { readArrays, storeNetwork } from '../artefacts/networks.ts';
import type { RunFacts } from '../artefacts/run-facts.ts';
import type { ActivityContext } from '../context.ts';

/** Moves the policy and, where there is one, the critic; gives the momenta for the next round. */
export async function takeOuterStep(
  networks: { readonly policy: UNet3D; readonly critic?: UNet3D | undefined },
  { locals, momentum }: MergeRoundInput,
  { config }: RunFacts,
  context: ActivityContext,
): Promise<NamedArrays> {
  const { outerLearningRate, outerMomentum } = config.localSgd;
  const made = await Promise.all(locals.map(({ local }) => readArrays(context, local)));
  const before = momentum && (await readArrays(context, momentum));
  const momenta: NamedArrays[] = [];
  for (const [name, network] of Object.entries(networks)) {
    if (!network) continue;
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

/** A policy in memory that is stored already. */
export interface MergedPolicy {
  readonly policy: UNet3D;
  readonly stored: ArtefactRef;
}

/**
 * Moves the policy to where the fine-tuning would end with it now (`ppo.resultShare`), and says where that is stored.
 * @param key where it is stored when it is not the merged policy itself
 */
export async function takeCandidate(
  { policy, stored }: MergedPolicy,
  key: string,
  { iteration, start }: Pick<MergeRoundInput, 'iteration' | 'start'>,
  { config }: RunFacts,
  context: ActivityContext,
): Promise<ArtefactRef> {
  const share = resultShareAt(config.ppo, iteration);
  if (share === 1) return stored;
  policy.assign(interpolateWeights(await readArrays(context, start), policy.toArrays(), share));
  const network = { network: policy, kind: 'policy', settings: policySettings(config) } as const;
  return storeNetwork(context, key, network, [start, stored]);
}
