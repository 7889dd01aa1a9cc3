/**
 * How the project starts another Node process of its own: a TypeScript file run by tsx, wherever the caller's folder
 * is.
 */
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

/** The folder of package.json. */
export const projectRoot = dirname(dirname(fileURLToPath(import.meta.url)));

export interface Command {
  readonly command: string;
  readonly args: readonly string[];
}

/** Command line that runs a TypeScript file given relative to the project root. */
export function typeScriptCommand(file: string, args: readonly string[] = []): Command {
  const loader = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href;
  return { command: process.execPath, args: ['--import', loader, join(projectRoot, file), ...args] };
}
