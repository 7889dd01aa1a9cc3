/**
 * Native TensorFlow for @tensorflow/tfjs-node-gpu: the libraries out of TensorFlow's own wheel in the cache folder, the
 * addon built once against them, and links from node_modules to both. What cannot be had ends in a plain reason, and
 * the work goes on in wasm.
 */
import { existsSync } from 'node:fs';
import { copyFile, mkdir, readFile, rename, rm, statfs, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { writeWholeFile } from '../../storage/whole-file.ts';
import { setupLimits } from '../../temporal.config.ts';
import { addonApiVersion, buildAddon, libraryLinks } from './addon.ts';
import { addonPatchDigest } from './addon-patch.ts';
import { cachedEntry } from './cache-folder.ts';
import { findPythonWithPip, hasCompiler, missingCompiler, missingPython, thisMachine } from './machine.ts';
import type { Progress } from './progress.ts';
import { runCommand } from './run-command.ts';
import { ensureStandardErrorAddon } from './standard-error/standard-error.ts';
import {
  cudaRequirements,
  isWantedMember,
  type Machine,
  TENSORFLOW_VERSION,
  type TensorFlowBuild,
  tensorFlowBuildsFor,
} from './tensorflow-builds.ts';
import { downloadWheels } from './wheels.ts';
import { readTextMember, unpackMembers } from './zip.ts';

/** What a set-up ended with; kept beside the package so that `doctor` can say it. */
export interface TensorSetup {
  readonly state: 'native' | 'unavailable';
  readonly kind?: 'gpu' | 'cpu';
  readonly version?: string;
  /** Folder in the cache. */
  readonly source?: string;
  /** File in the cache that the package's addon is a copy of. */
  readonly addon?: string;
  readonly why: string;
  readonly remedy?: string;
}

const RECORD = 'echoloop-setup.json';

/** The folder of the installed package. */
export function tensorPackageFolder(): string {
  return dirname(createRequire(import.meta.url).resolve('@tensorflow/tfjs-node-gpu/package.json'));
}

/** What the last set-up of this clone ended with; undefined before the first one. */
export async function readTensorSetup(): Promise<TensorSetup | undefined> {
  try {
    return JSON.parse(await readFile(join(tensorPackageFolder(), RECORD), 'utf8')) as TensorSetup;
  } catch {
    return undefined;
  }
}

async function installedAddon(packageFolder: string): Promise<string> {
  return join(packageFolder, 'lib', `napi-v${await addonApiVersion(packageFolder)}`, 'tfjs_binding.node');
}

/** The addon's file in the cache: another for each TensorFlow, Node-API version and set of additions to the source. */
async function cachedAddonName(packageFolder: string, build: TensorFlowBuild): Promise<string> {
  return `${build.id}-addon-napi${await addonApiVersion(packageFolder)}-${await addonPatchDigest()}.node`;
}

/** True when the addon and, through the links, the libraries are there: `existsSync` follows links into the cache. */
async function isLinked(
  packageFolder: string,
  build: TensorFlowBuild,
  source: string,
  addon: string,
): Promise<boolean> {
  const lib = join(packageFolder, 'deps', 'lib');
  const setup = await readTensorSetup();
  return (
    setup?.state === 'native' &&
    setup.source === source &&
    setup.addon === addon &&
    existsSync(await installedAddon(packageFolder)) &&
    existsSync(join(lib, build.library)) &&
    existsSync(join(lib, build.framework))
  );
}

async function requireSpace(folder: string, bytes: number): Promise<void> {
  await mkdir(folder, { recursive: true });
  const { bavail, bsize } = await statfs(folder);
  if (bavail * bsize >= bytes) return;
  const free = (bavail * bsize) / 1e9;
  throw new Error(
    `${folder} has ${free.toFixed(1)} GB free and ${(bytes / 1e9).toFixed(1)} GB are needed; free some, or set ECHOLOOP_CACHE to a larger disk`,
  );
}

/** Makes the cache entry of one build: tensorflow/ with libraries and headers, and nvidia/ beside it for the GPU. */
async function makeLibraries(
  build: TensorFlowBuild,
  python: string,
  scratch: string,
  progress: Progress,
): Promise<string> {
  const entry = join(scratch, 'entry');
  const size =
    build.downloadBytes >= 1e9
      ? `${(build.downloadBytes / 1e9).toFixed(1)} GB`
      : `${Math.round(build.downloadBytes / 1e6)} MB`;
  const [wheel] = await progress.step(
    `downloading TensorFlow ${TENSORFLOW_VERSION} for the ${build.kind.toUpperCase()} (${size})`,
    () =>
      downloadWheels(
        python,
        { requirements: [build.requirement], sha256: build.sha256, platforms: build.platforms },
        join(scratch, 'wheel'),
      ),
  );
  if (!wheel) throw new Error(`pip downloaded no wheel for ${build.requirement}`);
  await progress.step('unpacking the TensorFlow libraries', () =>
    unpackMembers(wheel, entry, (name) => isWantedMember(build, name)),
  );
  if (build.kind === 'gpu') {
    const metadata = await readTextMember(wheel, (name) => /^[^/]+\.dist-info\/METADATA$/.test(name));
    const requirements = cudaRequirements(metadata ?? '');
    const wheels = await progress.step(
      `downloading the CUDA libraries (${requirements.length} packages)`,
      () => downloadWheels(python, { requirements, platforms: build.platforms }, join(scratch, 'cuda')),
    );
    await progress.step('unpacking the CUDA libraries', async () => {
      for (const file of wheels) {
        // nvcc's wheel carries ptxas and libdevice, which TensorFlow calls when it compiles a kernel for a new device.
        await unpackMembers(file, entry, (name) => /^nvidia\/[^/]+\/(lib|bin|nvvm)\//.test(name));
        await rm(file);
      }
    });
  }
  return entry;
}

/** Puts a link in place in one step, over whatever was there. */
async function replaceLink(target: string, path: string): Promise<void> {
  const fresh = `${path}.${process.pid}`;
  await rm(fresh, { recursive: true, force: true });
  await symlink(target, fresh);
  await rename(fresh, path).catch(async (error: unknown) => {
    // A folder left by a hand-made installation cannot be renamed over.
    if ((error as NodeJS.ErrnoException).code !== 'EISDIR') throw error;
    await rm(path, { recursive: true, force: true });
    await rename(fresh, path);
  });
}

async function linkIntoPackage(
  packageFolder: string,
  build: TensorFlowBuild,
  source: string,
  addon: string,
): Promise<void> {
  const lib = join(packageFolder, 'deps', 'lib');
  await mkdir(lib, { recursive: true });
  for (const name of [build.library, build.framework])
    await replaceLink(join(source, 'tensorflow', name), join(lib, name));
  for (const [name, target] of libraryLinks(build)) await replaceLink(target, join(lib, name));
  // The loader resolves ../nvidia from the folder it found the library in, which is this one.
  if (existsSync(join(source, 'nvidia')))
    await replaceLink(join(source, 'nvidia'), join(packageFolder, 'deps', 'nvidia'));
  const target = await installedAddon(packageFolder);
  await mkdir(dirname(target), { recursive: true });
  await copyFile(addon, `${target}.${process.pid}`);
  await rename(`${target}.${process.pid}`, target);
}

/**
 * Loads the addon in a process of its own: a processor without the instructions TensorFlow needs would kill this one.
 */
async function verify(packageFolder: string): Promise<string> {
  const script = `const util=require('node:util');util.isNullOrUndefined??=(v)=>v==null;
    const tf=require(${JSON.stringify(packageFolder)});process.stdout.write(tf.version_core+' '+tf.backend().binding.TF_Version)`;
  const text = await runCommand(process.execPath, ['-e', script], {
    environment: { TF_CPP_MIN_LOG_LEVEL: '2', CUDA_VISIBLE_DEVICES: '-1' },
    timeoutMs: setupLimits.firstLoadMs,
  });
  return text.trim().split(' ').at(-1) ?? '';
}

async function install(
  build: TensorFlowBuild,
  cache: string,
  packageFolder: string,
  progress: Progress,
): Promise<TensorSetup> {
  const source = join(cache, build.id);
  const addon = join(cache, await cachedAddonName(packageFolder, build));
  if (await isLinked(packageFolder, build, source, addon)) return (await readTensorSetup())!;
  const wait = (): void => progress.say('  another set-up is preparing TensorFlow; waiting for it');
  if (!existsSync(addon) && !(await hasCompiler()))
    throw new Error(`${missingCompiler.what}: ${missingCompiler.remedy}`);
  await cachedEntry(
    source,
    async (scratch) => {
      const python = await findPythonWithPip();
      if (!python) throw new Error(`${missingPython.what}: ${missingPython.remedy}`);
      await requireSpace(cache, build.diskBytes);
      return await makeLibraries(build, python, scratch, progress);
    },
    wait,
  );
  await cachedEntry(
    addon,
    (scratch) =>
      progress.step('building the TensorFlow addon', () =>
        buildAddon(packageFolder, join(source, 'tensorflow'), build, scratch),
      ),
    wait,
  );
  await linkIntoPackage(packageFolder, build, source, addon);
  const version = await progress.step('checking that TensorFlow loads', () => verify(packageFolder));
  return {
    state: 'native',
    kind: build.kind,
    version,
    source,
    addon,
    why: `native TensorFlow ${version}, ${build.kind.toUpperCase()} libraries`,
  };
}

/**
 * Makes native TensorFlow ready, the GPU's libraries first where there is an NVIDIA driver. Never throws for what the
 * machine lacks. A second call is a matter of milliseconds.
 */
export async function ensureTensorFlow(
  cache: string,
  progress: Progress,
  machine?: Machine,
): Promise<TensorSetup> {
  const packageFolder = tensorPackageFolder();
  const { builds, why } = tensorFlowBuildsFor(machine ?? (await thisMachine()));
  const failures: string[] = [];
  let setup: TensorSetup | undefined;
  for (const build of builds) {
    try {
      setup = await install(build, cache, packageFolder, progress);
      break;
    } catch (error) {
      failures.push(`${build.kind.toUpperCase()} libraries: ${(error as Error).message}`);
      if (build !== builds.at(-1)) progress.say(`  ${failures.at(-1)}\n  going on with the next choice`);
    }
  }
  if (!setup) {
    // An addon that is there but cannot load must not be tried again by every process.
    await rm(await installedAddon(packageFolder), { force: true });
    setup = { state: 'unavailable', why: why ?? failures.join('\n') };
  } else {
    await ensureStandardErrorAddon(cache);
  }
  if (setup.state === 'native' && failures.length > 0) {
    setup = { ...setup, why: `${setup.why} (${failures.join('; ')})` };
  }
  await writeWholeFile(join(packageFolder, RECORD), `${JSON.stringify(setup, null, 2)}\n`);
  return setup;
}
