/**
 * Builds the Node addon of tfjs-node against TensorFlow's own libraries, outside node_modules so that nothing is left
 * half built.
 */
import { cp, mkdir, readFile, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { setupLimits } from '../../temporal.config.ts';
import { patchAddonSource } from './addon-patch.ts';
import { nodeHeaders } from './machine.ts';
import { runCommand } from './run-command.ts';
import type { TensorFlowBuild } from './tensorflow-builds.ts';

/**
 * Newest Node-API version that both the package and this Node speak; the addon is the same for every Node that speaks
 * it.
 */
export async function addonApiVersion(packageFolder: string): Promise<number> {
  const { binary } = JSON.parse(await readFile(join(packageFolder, 'package.json'), 'utf8')) as {
    binary: { napi_versions: number[] };
  };
  return Math.max(...binary.napi_versions.filter((version) => version <= Number(process.versions.napi)));
}

/**
 * Links that make the wheel's libraries answer to the names that the package links against and loads: [name, target].
 */
export function libraryLinks(build: TensorFlowBuild): (readonly [string, string])[] {
  const { library, framework } = build;
  if (library.endsWith('.dylib')) {
    return [
      ['libtensorflow.2.dylib', library],
      ['libtensorflow.dylib', library],
      ['libtensorflow_framework.dylib', framework],
    ];
  }
  return [
    ['libtensorflow.so', library],
    ['libtensorflow.so.2', library],
    ['libtensorflow.so.2.9.1', library],
    ['libtensorflow_framework.so', framework],
  ];
}

/**
 * Compiles the addon in `scratch` and returns its path.
 * @param packageFolder the installed @tensorflow/tfjs-node-gpu
 * @param libraries the unpacked wheel's tensorflow/ folder
 */
export async function buildAddon(
  packageFolder: string,
  libraries: string,
  build: TensorFlowBuild,
  scratch: string,
): Promise<string> {
  const staging = join(scratch, 'package');
  for (const part of ['package.json', 'binding.gyp', 'binding']) {
    await cp(join(packageFolder, part), join(staging, part), { recursive: true });
  }
  await patchAddonSource(staging);
  const lib = join(staging, 'deps', 'lib');
  await mkdir(lib, { recursive: true });
  for (const name of [build.library, build.framework]) await symlink(join(libraries, name), join(lib, name));
  for (const [name, target] of libraryLinks(build)) await symlink(target, join(lib, name));
  await symlink(join(libraries, 'include'), join(staging, 'deps', 'include'));

  const builder = createRequire(join(packageFolder, 'package.json')).resolve(
    '@mapbox/node-pre-gyp/package.json',
  );
  const headers = nodeHeaders();
  const command = [join(dirname(builder), 'bin', 'node-pre-gyp'), 'install', '--build-from-source'];
  await runCommand(process.execPath, command, {
    cwd: staging,
    environment: headers ? { npm_config_nodedir: headers } : {},
    timeoutMs: setupLimits.buildMs,
  });
  const addon = join(staging, 'lib', `napi-v${await addonApiVersion(packageFolder)}`, 'tfjs_binding.node');
  if (process.platform === 'darwin') await pointAtLibraries(addon, build);
  return addon;
}

/**
 * macOS records a library by its install name; the addon must look beside itself instead. Changing it voids the
 * signature.
 */
async function pointAtLibraries(addon: string, build: TensorFlowBuild): Promise<void> {
  const changes = [build.library, build.framework].flatMap((name) => [
    '-change',
    `@rpath/${name}`,
    `@loader_path/../../deps/lib/${name}`,
  ]);
  await runCommand('install_name_tool', [...changes, addon], { timeoutMs: setupLimits.signMs });
  await runCommand('codesign', ['--force', '--sign', '-', addon], { timeoutMs: setupLimits.signMs });
}
