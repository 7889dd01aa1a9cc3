/**
 * What has to be on a machine before services and workers start there, got with words on standard error about what
 * takes time.
 */
import { DomainError } from '../ground/errors.ts';
import type { Deployment } from './deployment.ts';
import { cacheFolder } from './provision/cache-folder.ts';
import { thisMachine } from './provision/machine.ts';
import { createProgress } from './provision/progress.ts';
import { type Provisioned, provision } from './provision/provision.ts';
import { ensureTensorFlow, type TensorSetup } from './provision/tensorflow.ts';

/**
 * Native TensorFlow alone.
 * @param cuda gets the CUDA libraries also where no NVIDIA driver is loaded; where one is, they are got anyway.
 * @throws DomainError BackendMissing where it, or CUDA that was asked for, cannot be had.
 */
export async function getTensors({ cuda }: { readonly cuda: boolean }): Promise<TensorSetup> {
  const progress = createProgress();
  const machine = await thisMachine();
  const setup = await ensureTensorFlow(cacheFolder(), progress, {
    ...machine,
    hasNvidia: machine.hasNvidia || cuda,
  }).finally(() => progress.close());
  if (setup.state === 'native' && (!cuda || setup.kind === 'gpu')) return setup;
  throw new DomainError('BackendMissing', `Native TensorFlow cannot be had: ${setup.why}`);
}

/**
 * Gets native TensorFlow, and the servers that the deployment does not name; a matter of milliseconds where they are
 * there.
 * @throws DomainError BackendMissing saying which server cannot be had, and what to do. Tensors that stay slow are no
 * error.
 */
export async function getMissing(deployment: Deployment): Promise<Provisioned> {
  const progress = createProgress();
  const provisioned = await provision(deployment, progress).finally(() => progress.close());
  const { failures } = provisioned;
  if (failures.length > 0) throw new DomainError('BackendMissing', failures.join('\n'));
  return provisioned;
}
