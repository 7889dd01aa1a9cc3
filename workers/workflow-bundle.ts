/**
 * The workflow code for Temporal's sandbox, in one file. The package holds it ready made. A clone, whose code changes,
 * makes it when it is first needed and keeps it in the home folder until a file that is in it, or a package, is another
 * one: every run waits for a control worker that starts, and making it takes seconds.
 */
import { existsSync } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { dirname, isAbsolute, join, sep } from 'node:path';
import {
  bundleWorkflowCode,
  type Logger,
  type WorkflowBundle,
  type WorkflowBundleOption,
} from '@temporalio/worker';
import { z } from 'zod';
import { codeRoot, isBuilt, moduleFile, projectRoot } from '../runtime/installation.ts';
import { sha256Of } from '../storage/trusted-read.ts';
import { writeWholeFile } from '../storage/whole-file.ts';

/** The bundle that `npm run build` leaves beside the compiled rooms. */
export const builtBundle = join(codeRoot, 'workflow-bundle.js');

/** Has the versions of all packages. */
const PACKAGES = join(projectRoot, 'package-lock.json');

const KeptBundleSchema = z.strictObject({
  code: z.string(),
  /** SHA-256 of each file of ours that it was made of, and of the list of packages. */
  madeOf: z.record(z.string(), z.string()),
});
const SourceMapSchema = z.object({
  sources: z.array(z.string()),
  sourcesContent: z.array(z.string().nullable()),
});

/** Bundles the workflow code; takes some seconds. */
export function bundleWorkflows(logger: Logger): Promise<WorkflowBundle> {
  return bundleWorkflowCode({ workflowsPath: moduleFile('workflows/index'), logger });
}

/** The present workflow code. @param home where a clone keeps it from one start to the next */
export async function workflowCode(home: string, logger: Logger): Promise<WorkflowBundleOption> {
  return isBuilt ? { codePath: builtBundle } : keptBundle(home, () => bundleWorkflows(logger));
}

/** What was kept in the folder, if all files that it was made of are as they were; else what is made now. */
export async function keptBundle(
  folder: string,
  make: () => Promise<WorkflowBundle>,
): Promise<WorkflowBundle> {
  const path = join(folder, 'workflow-bundle.json');
  const kept = await readKept(path);
  if (kept && (await areAsTheyWere(kept.madeOf))) return { code: kept.code };
  const { code } = await make();
  // A full disk must not stop the work: it is made again the next time.
  await keep(path, code).catch(() => undefined);
  return { code };
}

async function readKept(path: string): Promise<z.infer<typeof KeptBundleSchema> | undefined> {
  try {
    return KeptBundleSchema.parse(JSON.parse(await readFile(path, 'utf8')));
  } catch {
    return undefined;
  }
}

async function areAsTheyWere(madeOf: Readonly<Record<string, string>>): Promise<boolean> {
  const same = Object.entries(madeOf).map(async ([file, sha256]) => {
    const bytes = await readFile(file).catch(() => undefined);
    return bytes !== undefined && sha256Of(bytes) === sha256;
  });
  return (await Promise.all(same)).every(Boolean);
}

async function keep(path: string, code: string): Promise<void> {
  const madeOf = { ...digestsIn(code), [PACKAGES]: sha256Of(await readFile(PACKAGES)) };
  await mkdir(dirname(path), { recursive: true });
  await writeWholeFile(path, JSON.stringify({ code, madeOf } satisfies z.infer<typeof KeptBundleSchema>));
}

/** By the source map at the end of the bundle, which has what was read of each file. */
function digestsIn(code: string): Record<string, string> {
  const map = Buffer.from(code.slice(code.lastIndexOf('base64,') + 'base64,'.length).trimEnd(), 'base64');
  const { sources, sourcesContent } = SourceMapSchema.parse(JSON.parse(map.toString()));
  // The bundler's own entry is no file.
  const ours = (file: string): boolean =>
    isAbsolute(file) && !file.includes(`${sep}node_modules${sep}`) && existsSync(file);
  return Object.fromEntries(
    sources.flatMap((file, i) => {
      const content = sourcesContent[i];
      return content && ours(file) ? [[file, sha256Of(Buffer.from(content))]] : [];
    }),
  );
}
