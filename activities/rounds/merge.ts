/** What trainings differ in at the end of a local-SGD round: their networks, and how the merged ones are judged. */
import type { z } from 'zod';
import type { MergedNetworks, MergeRoundResult } from '../../contracts/round-activities.ts';
import type { ArtefactRef } from '../../ground/artefact-ref.ts';
import type { Keep } from '../../ground/disposables.ts';
import type { NetworkKind } from '../../method/networks/network-checkpoint.ts';
import type { UNet3D } from '../../method/networks/unet3d.ts';

export interface NetworkOfRound {
  readonly name: keyof MergedNetworks;
  readonly kind: NetworkKind;
  readonly settings?: Readonly<Record<string, string>>;
  /** As the round started from it; the caller disposes it. */
  load(): Promise<UNet3D>;
}

/** After the outer step. */
export interface Merged {
  readonly networks: Readonly<Partial<Record<keyof MergedNetworks, UNet3D>>>;
  readonly stored: MergedNetworks & { readonly average?: ArtefactRef };
  /** All that was stored, and what it was made from. */
  readonly made: readonly ArtefactRef[];
}

export interface Merge<Document = unknown> {
  readonly networks: readonly NetworkOfRound[];
  /** Of the policy's weights over the steps of all workers, in [0, 1); 0: no average. */
  readonly averageDecay: number;
  readonly inputs: readonly ArtefactRef[];
  /** Of the document of the round. */
  readonly schema: z.ZodType<Document>;
  /** What the document of the round says to the workflow. */
  told(document: Document): Pick<MergeRoundResult, 'best' | 'ended'>;
  /** Rates the merged networks and stores the document, which ends the round. */
  judge(merged: Merged, keep: Keep): Promise<{ readonly document: Document; readonly curve: ArtefactRef }>;
}
