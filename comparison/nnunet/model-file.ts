/**
 * A plan and the networks trained by it as one safetensors file: the training of each fold adds its network to those
 * before. One alone has its arrays under their own names, several below their number.
 */
import { z } from 'zod';
import { DomainError } from '../../ground/errors.ts';
import type { NamedArrays } from '../../method/networks/named-arrays.ts';
import { takeArrays, withPrefix } from '../../method/networks/prefixed-arrays.ts';
import { decodeSafetensors, encodeSafetensors } from '../../method/networks/safetensors.ts';
import { type NnUNetPlan, NnUNetPlanSchema } from './plan.ts';

const KIND = 'nnunet';
const MOST_NETWORKS = 100;

/** A file from before there were folds does not say how many. */
const CountSchema = z.coerce.number().int().min(0).max(MOST_NETWORKS).default(1);

export interface NnUNetModel {
  readonly plan: NnUNetPlan;
  /** By fold; none for a plan alone. */
  readonly networks: readonly NamedArrays[];
}

export function encodeNnUNetModel({ plan, networks }: NnUNetModel): Uint8Array {
  const [only] = networks;
  const arrays =
    networks.length === 1 && only
      ? only
      : Object.assign({}, ...networks.map((network, index) => withPrefix(String(index), network)));
  return encodeSafetensors(arrays, {
    kind: KIND,
    plan: JSON.stringify(plan),
    networks: String(networks.length),
  });
}

/** @throws DomainError CheckpointIncompatible for files of other kinds and plans that this version does not read */
export function decodeNnUNetModel(bytes: Uint8Array): NnUNetModel {
  const { arrays, metadata } = decodeSafetensors(bytes);
  if (metadata.kind !== KIND) {
    throw new DomainError(
      'CheckpointIncompatible',
      `Expected a network that nnU-Net's rules planned, found one of kind "${metadata.kind}".`,
    );
  }
  const plan = planIn(metadata.plan ?? '');
  const count = CountSchema.safeParse(metadata.networks).data;
  if (count === undefined) {
    const message = `Expected up to ${MOST_NETWORKS} networks, found "${metadata.networks}" in its metadata ("networks").`;
    throw new DomainError('CheckpointIncompatible', message);
  }
  if (count === 1) return { plan, networks: [arrays] };
  return { plan, networks: Array.from({ length: count }, (_, index) => takeArrays(String(index), arrays)) };
}

function planIn(text: string): NnUNetPlan {
  try {
    return NnUNetPlanSchema.parse(JSON.parse(text));
  } catch (cause) {
    const message = 'It has no plan of nnU-Net in its metadata ("plan") that this version reads.';
    throw new DomainError('CheckpointIncompatible', message, {}, { cause });
  }
}
