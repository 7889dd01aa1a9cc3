/** What a worker of a local-SGD round trains, whichever training it is of. */
import type { ArtefactRef } from '../../ground/artefact-ref.ts';
import type { Training } from '../../method/training/training.ts';
import type { LocalTraining } from './documents.ts';

export interface WorkerTraining {
  /** At the beginning of the round, but for the moments of its optimisers. */
  readonly training: Training<unknown>;
  /** What it is made from. */
  readonly inputs: readonly ArtefactRef[];
  /** At its end, what its document says beside steps and points. */
  known(): Pick<LocalTraining, 'rollbacks' | 'quarantined'>;
}
