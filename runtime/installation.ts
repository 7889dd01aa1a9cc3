/**
 * Where this software lies, and how it starts further Node processes of its own. In a clone the code is TypeScript in
 * the folder of package.json and tsx compiles it as it loads; in the package it is JavaScript below dist/, and plain
 * Node runs it.
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const thisFile = fileURLToPath(import.meta.url);

/** True in the package, where `npm run build` has made JavaScript. */
export const isBuilt = thisFile.endsWith('.js');

/** The folder that holds the rooms (app/, workers/, ...). */
export const codeRoot = dirname(dirname(thisFile));

/** The folder of package.json. */
export const projectRoot = isBuilt ? dirname(codeRoot) : codeRoot;

/** The script of the `echoloop` command, for both layouts. */
export const commandScript = join(projectRoot, 'cli', 'echoloop.mjs');

/** The version in package.json: printed by --version and written into the record of everything that is stored. */
export function codeVersion(): string {
  const manifest = readFileSync(join(projectRoot, 'package.json'), 'utf8');
  return (JSON.parse(manifest) as { version: string }).version;
}

/**
 * The file of a module that is named from the rooms' folder and without its ending, such as `workers/compute-child`.
 */
export function moduleFile(module: string): string {
  return join(codeRoot, `${module}.${isBuilt ? 'js' : 'ts'}`);
}

/** What Node needs before it can run the file: nothing for JavaScript, the compiler for TypeScript. */
export function loaderArguments(file: string): string[] {
  if (!file.endsWith('.ts')) return [];
  return ['--import', pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href];
}

export interface Command {
  readonly command: string;
  readonly args: readonly string[];
}

/** Command line that runs a module (see moduleFile) in a process of its own, wherever the caller's folder is. */
export function moduleCommand(module: string, args: readonly string[] = []): Command {
  const file = moduleFile(module);
  return { command: process.execPath, args: [...loaderArguments(file), file, ...args] };
}
