/** The embedded S3 service: Versity's gateway over a folder, where every object is a plain file. */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { DomainError } from '../../ground/errors.ts';
import { serviceLimits } from '../../temporal.config.ts';
import type { ProcessSpec } from '../supervisor.ts';
import { HOST } from './ports.ts';
import type { Credentials } from './s3-credentials.ts';

export const S3_PORT = 7070;

export interface S3ServerOptions {
  readonly binary: string;
  readonly home: string;
  readonly port: number;
  readonly credentials: Credentials;
  readonly region: string;
}

const HEALTH_PATH = '/-/health';

async function answers(endpoint: string): Promise<boolean> {
  try {
    const response = await fetch(`${endpoint}${HEALTH_PATH}`, {
      signal: AbortSignal.timeout(serviceLimits.healthMs),
    });
    await response.arrayBuffer();
    return response.ok;
  } catch {
    return false;
  }
}

/**
 * Where the gateway keeps an object's metadata: in the file's extended attributes, or in a folder beside the data where
 * the file system has none. It refuses a folder whose path begins with that of the data, so `s3-metadata` would not do.
 */
type MetadataPlace = 'attributes' | 'folder';

const metadataFolder = (home: string): string => join(home, 'metadata-of-s3');

function commandLine(port: number, home: string, metadata: MetadataPlace): string[] {
  return [
    `--port=${HOST}:${port}`,
    `--health=${HEALTH_PATH}`,
    '--quiet',
    // Else it closes every connection after one request.
    '--keep-alive',
    'posix',
    ...(metadata === 'folder' ? [`--sidecar=${metadataFolder(home)}`] : []),
    join(home, 's3'),
  ];
}

function secrets(credentials: Credentials, region: string): Record<string, string> {
  return {
    ROOT_ACCESS_KEY_ID: credentials.accessKeyId,
    ROOT_SECRET_ACCESS_KEY: credentials.secretAccessKey,
    VGW_REGION: region,
  };
}

/** Undefined when the gateway comes up this way, else what it said. */
async function whyNot(options: S3ServerOptions, metadata: MetadataPlace): Promise<string | undefined> {
  const { binary, home, port, credentials, region } = options;
  const child = spawn(binary, commandLine(port, home, metadata), {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...secrets(credentials, region) },
  });
  let said = '';
  let ended = false;
  const onEnd = (): void => {
    ended = true;
  };
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (said += text));
  child.on('error', (error) => {
    said += error.message;
    ended = true;
  });
  child.on('close', onEnd);
  const deadline = Date.now() + serviceLimits.trialMs;
  while (!ended && Date.now() < deadline && !(await answers(`http://${HOST}:${port}`))) await sleep(50);
  if (ended) return said.trim() || 'it ended without a word';
  const exited = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  await exited;
  return Date.now() < deadline ? undefined : `it did not answer within ${serviceLimits.trialMs / 1000} s`;
}

/**
 * Found out once, at the first start, by starting it; data written one way cannot be read the other, so it is written
 * down.
 * @throws DomainError StorageUnavailable when it comes up neither way
 */
async function metadataPlace(options: S3ServerOptions): Promise<MetadataPlace> {
  const decided = join(options.home, 's3-metadata-in');
  const problems: string[] = [];
  for (const place of ['attributes', 'folder'] as const) {
    if (existsSync(`${decided}-${place}`)) return place;
  }
  for (const place of ['attributes', 'folder'] as const) {
    if (place === 'folder') await mkdir(metadataFolder(options.home), { recursive: true, mode: 0o700 });
    const problem = await whyNot(options, place);
    if (problem === undefined) {
      await writeFile(`${decided}-${place}`, '');
      return place;
    }
    problems.push(`metadata in ${place}: ${problem}`);
  }
  throw new DomainError(
    'StorageUnavailable',
    `The embedded S3 service (${options.binary}) does not start over ${options.home}. ${problems.join('; ')}. Set ECHOLOOP_HOME to a folder on another disk, or ECHOLOOP_S3_ENDPOINT to a service of yours.`,
  );
}

/** How to run the gateway; its folder is made when absent. @throws DomainError StorageUnavailable */
export async function s3Server(options: S3ServerOptions): Promise<ProcessSpec> {
  const { binary, home, port, credentials, region } = options;
  await mkdir(join(home, 's3'), { recursive: true, mode: 0o700 });
  const metadata = await metadataPlace(options);
  if (metadata === 'folder') await mkdir(metadataFolder(home), { recursive: true, mode: 0o700 });
  const endpoint = `http://${HOST}:${port}`;
  return {
    name: 's3',
    command: binary,
    args: commandLine(port, home, metadata),
    environment: secrets(credentials, region),
    address: endpoint,
    isHealthy: () => answers(endpoint),
    startTimeoutMs: serviceLimits.startMs,
  };
}
