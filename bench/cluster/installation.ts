/** This software installed once more under another version number, as on a host that somebody has upgraded. */
import { cp, readFile, symlink, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { basename, dirname, extname, join, relative, sep } from 'node:path';
import { codeVersion, commandScript, isBuilt, projectRoot } from '../../runtime/installation.ts';

/** At the top of the project, what no worker needs. */
const LEFT_OUT: ReadonlySet<string> = new Set([
  'node_modules',
  'docs',
  'test',
  'bench',
  'examples',
  ...(isBuilt ? [] : ['dist']),
]);
/** Code and what it reads; whatever else lies in the folder of a clone is not copied. */
const CODE: ReadonlySet<string> = new Set(['.ts', '.mts', '.mjs', '.js', '.json']);

/** A version that understands this one, and one that does not (workers/host-proofs.ts). */
export function otherVersions(): { readonly patch: string; readonly stranger: string } {
  const [major = 0, minor = 0, patch = 0] = codeVersion()
    .split('.')
    .map((part) => Number.parseInt(part, 10));
  return {
    patch: `${major}.${minor}.${patch + 1}`,
    stranger: major === 0 ? `0.${minor + 1}.0` : `${major + 1}.0.0`,
  };
}

/**
 * Copies the code into the folder, which is made, under this version number; packages are those of this installation.
 * @returns the script of its `echoloop` command
 */
export async function installAs(version: string, folder: string): Promise<string> {
  await cp(projectRoot, folder, { recursive: true, filter: isCode });
  const manifest = JSON.parse(await readFile(join(projectRoot, 'package.json'), 'utf8')) as object;
  await writeFile(join(folder, 'package.json'), JSON.stringify({ ...manifest, version }));
  await symlink(packagesFolder(), join(folder, 'node_modules'));
  return join(folder, relative(projectRoot, commandScript));
}

function isCode(source: string): boolean {
  const path = relative(projectRoot, source);
  const [top = ''] = path.split(sep);
  if (LEFT_OUT.has(top) || basename(path).startsWith('.')) return false;
  // A folder, or one of its files.
  return extname(path) === '' || CODE.has(extname(path));
}

/** Where npm has put what this project needs: beside package.json, or beside the installed package itself. */
function packagesFolder(): string {
  const one = createRequire(import.meta.url).resolve('@temporalio/worker/package.json');
  return dirname(dirname(dirname(one)));
}
