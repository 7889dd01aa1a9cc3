/** Entry of the tensor process of a compute worker; started by compute-process.ts, never by hand. */
import { computeActivities } from '../activities/compute.ts';
import { computeInputs } from '../contracts/activities.ts';
import { checkedDeployment } from '../runtime/deployment.ts';
import { selectTensorBackend } from '../runtime/tensors.ts';
import { alike } from './alike.ts';
import { checked } from './checked-input.ts';
import { serveCompute } from './serve-compute.ts';
import { openServices } from './services.ts';

serveCompute(async (configured) => {
  const deployment = checkedDeployment(configured);
  const services = openServices(deployment, 'compute');
  const backend = await selectTensorBackend({
    requireGpu: deployment.requireGpu,
    threads: deployment.computeThreads,
  });
  const machine = { backend: backend.name, threads: backend.threads };
  return { activities: checked(alike(computeActivities, machine), computeInputs), services, ...machine };
});
