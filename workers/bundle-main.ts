/**
 * Process that `npm run build` runs, compiled: bundles the workflow code once, for every control worker of the package.
 */
import { writeFile } from 'node:fs/promises';
import { DefaultLogger } from '@temporalio/worker';
import { builtBundle, bundleWorkflows } from './workflow-bundle.ts';

const { code } = await bundleWorkflows(new DefaultLogger('WARN'));
await writeFile(builtBundle, code);
