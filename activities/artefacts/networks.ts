/** Networks in and out of the store. */
import type { ArtefactRef } from '../../ground/artefact-ref.ts';
import type { NamedArrays } from '../../method/networks/named-arrays.ts';
import { decodeNetwork, encodeNetwork, type NetworkKind } from '../../method/networks/network-checkpoint.ts';
import { decodeSafetensors } from '../../method/networks/safetensors.ts';
import type { UNet3D } from '../../method/networks/unet3d.ts';
import type { ActivityContext } from '../context.ts';
import { writeBytes } from './binary-artefact.ts';

/** The caller disposes it. @throws DomainError CheckpointIncompatible when it is of another kind. */
export async function loadNetwork(
  context: ActivityContext,
  reference: ArtefactRef,
  kind: NetworkKind,
): Promise<UNet3D> {
  return decodeNetwork(await context.cache.read(reference), kind).network;
}

/** The arrays of a safetensors artefact, such as weights or momenta. */
export async function readArrays(context: ActivityContext, reference: ArtefactRef): Promise<NamedArrays> {
  return decodeSafetensors(await context.cache.read(reference)).arrays;
}

export interface NetworkToStore {
  readonly network: UNet3D;
  readonly kind: NetworkKind;
  /** What its file says about it beside its own configuration. */
  readonly settings?: Readonly<Record<string, string>>;
}

/** @param inputs what it was made from */
export function storeNetwork(
  context: ActivityContext,
  key: string,
  { network, kind, settings = {} }: NetworkToStore,
  inputs: readonly ArtefactRef[],
): Promise<ArtefactRef> {
  return writeBytes(context, key, encodeNetwork(network, kind, settings), inputs);
}
