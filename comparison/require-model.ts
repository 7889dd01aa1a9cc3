/** What a system cannot do without. */
import { DomainError } from '../ground/errors.ts';
import type { StoredBytes } from './system.ts';

/** @throws DomainError ArtefactMissing when there is no model. */
export function requireModel(model: StoredBytes | undefined): StoredBytes {
  if (model) return model;
  throw new DomainError('ArtefactMissing', 'There is no trained model of this system to predict with.');
}
