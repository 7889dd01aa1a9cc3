/**
 * Python wheels as a way to get native libraries: pip downloads and checks them, and only the members needed are
 * unpacked.
 */
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setupLimits } from '../../temporal.config.ts';
import { runCommand } from './run-command.ts';
import { WHEEL_PYTHON } from './tensorflow-builds.ts';

export interface WheelRequest {
  readonly requirements: readonly string[];
  /** Wheels to accept by digest; without it pip checks against its index alone. */
  readonly sha256?: string;
  readonly platforms: readonly string[];
}

/** Arguments of `python -m pip` that fetch exactly these wheels for a fixed Python, not the one that runs pip. */
export function pipDownloadArguments(
  request: WheelRequest,
  folder: string,
  requirementsFile: string,
): string[] {
  return [
    '-m',
    'pip',
    'download',
    '--no-deps',
    '--only-binary=:all:',
    '--no-cache-dir',
    '--disable-pip-version-check',
    '--progress-bar=off',
    '--retries=2',
    ...(request.sha256 ? ['--require-hashes'] : []),
    `--python-version=${WHEEL_PYTHON.version}`,
    '--implementation=cp',
    `--abi=${WHEEL_PYTHON.abi}`,
    '--abi=none',
    ...request.platforms.map((platform) => `--platform=${platform}`),
    `--dest=${folder}`,
    `--requirement=${requirementsFile}`,
  ];
}

/**
 * Downloads wheels into `folder` and returns their paths.
 * @throws Error with pip's own last lines.
 */
export async function downloadWheels(
  python: string,
  request: WheelRequest,
  folder: string,
): Promise<string[]> {
  await mkdir(folder, { recursive: true });
  const requirementsFile = join(folder, 'requirements.txt');
  const hash = request.sha256 ? ` --hash=sha256:${request.sha256}` : '';
  await writeFile(
    requirementsFile,
    request.requirements.map((requirement) => `${requirement}${hash}\n`).join(''),
  );
  await runCommand(python, pipDownloadArguments(request, folder, requirementsFile), {
    timeoutMs: setupLimits.wheelsMs,
  });
  return (await readdir(folder)).filter((name) => name.endsWith('.whl')).map((name) => join(folder, name));
}
