/** The embedded S3 service: Versity's gateway over a folder, where every object is a plain file. */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { serviceLimits } from '../../temporal.config.ts';
import type { ProcessSpec } from '../supervisor.ts';
import { choosePort, HOST } from './ports.ts';
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

function commandLine(port: number, home: string, sidecar: boolean): string[] {
  const metadata = sidecar ? [`--sidecar=${join(home, 's3-metadata')}`] : [];
  return [
    `--port=${HOST}:${port}`,
    `--health=${HEALTH_PATH}`,
    '--quiet',
    'posix',
    ...metadata,
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

/**
 * The gateway keeps an object's metadata in the file's extended attributes, or in a folder beside the data where the
 * file system has none. Which of the two is found out once, at the first start, by starting it; data written one way
 * cannot be read the other.
 */
async function needsSidecar({ binary, home, credentials, region }: S3ServerOptions): Promise<boolean> {
  const decided = join(home, 's3-metadata-in');
  if (existsSync(`${decided}-folder`)) return true;
  if (existsSync(`${decided}-attributes`)) return false;
  const { port } = await choosePort(0);
  const child = spawn(binary, commandLine(port, home, false), {
    stdio: 'ignore',
    env: { ...process.env, ...secrets(credentials, region) },
  });
  let ended = false;
  child.on('error', () => {
    ended = true;
  });
  child.on('exit', () => {
    ended = true;
  });
  const deadline = Date.now() + serviceLimits.trialMs;
  while (!ended && Date.now() < deadline && !(await answers(`http://${HOST}:${port}`))) await sleep(50);
  const sidecar = ended;
  if (!ended) {
    const exited = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGTERM');
    await exited;
  }
  await writeFile(`${decided}-${sidecar ? 'folder' : 'attributes'}`, '');
  return sidecar;
}

/** How to run the gateway; its folder is made when absent. */
export async function s3Server(options: S3ServerOptions): Promise<ProcessSpec> {
  const { binary, home, port, credentials, region } = options;
  await mkdir(join(home, 's3'), { recursive: true, mode: 0o700 });
  const sidecar = await needsSidecar(options);
  if (sidecar) await mkdir(join(home, 's3-metadata'), { recursive: true, mode: 0o700 });
  const endpoint = `http://${HOST}:${port}`;
  return {
    name: 's3',
    command: binary,
    args: commandLine(port, home, sidecar),
    environment: secrets(credentials, region),
    address: endpoint,
    isHealthy: () => answers(endpoint),
    startTimeoutMs: serviceLimits.startMs,
  };
}
