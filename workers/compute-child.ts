/** Entry of the tensor process of a compute worker; started by compute-process.ts, never by hand. */
import { computeActivities } from '../activities/compute.ts';
import { selectTensorBackend } from '../runtime/tensors.ts';
import type { Deployment } from '../temporal.config.ts';
import { serveCompute } from './serve-compute.ts';
import { openServices } from './services.ts';

serveCompute(async (configured) => {
  const deployment = configured as Deployment;
  const services = openServices(deployment, 'compute');
  const backend = await selectTensorBackend({
    requireGpu: deployment.requireGpu,
    threads: deployment.computeThreads,
  });
  return { activities: computeActivities, services, backend: backend.name };
});
