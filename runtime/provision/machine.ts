/** What this machine is, and which of the tools that a set-up needs it has. */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { firstThatRuns } from './run-command.ts';
import type { Machine } from './tensorflow-builds.ts';

/** True when an NVIDIA driver is loaded; the tool `nvidia-smi` may be absent in a container that has the driver. */
export function hasNvidiaDriver(): boolean {
  return existsSync('/proc/driver/nvidia/version') || existsSync('/dev/nvidiactl');
}

/** The machine as tensorFlowBuildsFor needs it. */
export async function thisMachine(): Promise<Machine> {
  // Reading the report's header only: the whole report would resolve every open socket's name.
  const report = process.report as unknown as {
    excludeNetwork: boolean;
    getReport(): { header: { glibcVersionRuntime?: string } };
  };
  report.excludeNetwork = true;
  const hasNvidia = hasNvidiaDriver() || (await firstThatRuns(['nvidia-smi'], ['-L'])) !== undefined;
  return {
    platform: process.platform,
    arch: process.arch,
    glibc: report.getReport().header.glibcVersionRuntime,
    hasNvidia,
  };
}

export interface MissingTool {
  readonly what: string;
  readonly remedy: string;
}

/** A Python that has pip; its version does not matter. */
export function findPythonWithPip(): Promise<string | undefined> {
  const numbered = ['3.14', '3.13', '3.12', '3.11', '3.10'].map((version) => `python${version}`);
  return firstThatRuns(['python3', 'python', ...numbered], ['-m', 'pip', '--version']);
}

/** True when a C++ compiler and make are there, which build the addon. */
export async function hasCompiler(): Promise<boolean> {
  const compiler = await firstThatRuns([process.env.CXX || 'c++', 'g++', 'clang++'], ['--version']);
  return compiler !== undefined && (await firstThatRuns(['make'], ['--version'])) !== undefined;
}

/** The Go tool, which builds the embedded services where no binary is at hand. */
export function findGo(): Promise<string | undefined> {
  return firstThatRuns(['go', '/usr/local/go/bin/go'], ['version']);
}

/**
 * Folder whose include/node has Node's own headers, when this Node came with them; otherwise node-gyp downloads them.
 */
export function nodeHeaders(): string | undefined {
  const prefix = dirname(dirname(process.execPath));
  return existsSync(join(prefix, 'include', 'node', 'node_api.h')) ? prefix : undefined;
}

const PLATFORM_INSTALL = process.platform === 'darwin' ? 'brew install' : 'apt-get install';

export const missingPython: MissingTool = {
  what: 'no Python with pip was found, which fetches the TensorFlow libraries',
  remedy: `install it (for instance \`${PLATFORM_INSTALL} ${process.platform === 'darwin' ? 'python' : 'python3-pip'}\`) and run the command again`,
};
export const missingCompiler: MissingTool = {
  what: 'no C++ compiler with make was found, which builds the TensorFlow addon',
  remedy: `install one (${process.platform === 'darwin' ? '`xcode-select --install`' : '`apt-get install g++ make`'}) and run the command again`,
};
export const missingGo: MissingTool = {
  what: 'Go was not found, which builds the embedded services',
  remedy: `install Go 1.24 or newer (for instance \`${PLATFORM_INSTALL} ${process.platform === 'darwin' ? 'go' : 'golang'}\`)`,
};
