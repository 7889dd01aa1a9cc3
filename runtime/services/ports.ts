/**
 * TCP ports of the services on this machine: the usual one, or the next free one above it. A port is claimed from when
 * it is chosen until its owner ends, so that no other start takes it in the moment before its service listens, or while
 * a service that died is started again.
 */
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createConnection, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DomainError } from '../../ground/errors.ts';
import { serviceLimits } from '../../temporal.config.ts';
import { withFileLock } from '../file-lock.mjs';
import { isAlive, ProcessIdentitySchema, startTimeOf } from '../process-identity.ts';

export const HOST = '127.0.0.1';

/**
 * Ports looked at from the usual one upwards. All of them lie below those that systems give to outgoing connections
 * (from 32768 on Linux), any of which could be taken while a service is away for a moment.
 */
const CANDIDATES = 200;

/** Claims are this machine's and this user's: process ids mean nothing elsewhere. */
const claimFolder = join(tmpdir(), `echoloop-ports-${process.getuid?.() ?? 'user'}`);

const claimPath = (port: number): string => join(claimFolder, String(port));

export interface ClaimedPort {
  readonly port: number;
  /** False when the usual one was taken. */
  readonly usual: boolean;
  /** Gives the port up before this process ends; once, when its service has ended. */
  release(): Promise<void>;
}

/**
 * Claims the usual port of a service, or the next one above it that is free and claimed by no process that lives.
 * @throws DomainError BackendMissing when none is
 */
export async function claimPort(usual: number): Promise<ClaimedPort> {
  await mkdir(claimFolder, { recursive: true, mode: 0o700 });
  return await withFileLock(join(claimFolder, 'lock'), async () => {
    for (let port = usual; port < usual + CANDIDATES; port++) {
      if ((await isClaimed(port)) || !(await isPortFree(port))) continue;
      const owner = { pid: process.pid, startTime: startTimeOf(process.pid) ?? '' };
      await writeFile(claimPath(port), JSON.stringify(owner));
      return { port, usual: port === usual, release: () => rm(claimPath(port), { force: true }) };
    }
    throw new DomainError(
      'BackendMissing',
      `None of the TCP ports ${usual} to ${usual + CANDIDATES - 1} of ${HOST} is free. End some program that listens there, and try again.`,
    );
  });
}

async function isClaimed(port: number): Promise<boolean> {
  const text = await readFile(claimPath(port), 'utf8').catch(() => undefined);
  if (text === undefined) return false;
  try {
    return isAlive(ProcessIdentitySchema.parse(JSON.parse(text)));
  } catch {
    // Whoever wrote it died over it: claims are read and written under the lock.
    return false;
  }
}

/** True when nothing holds the port on any of this machine's addresses that a local service would. */
export async function isPortFree(port: number): Promise<boolean> {
  // A listener on all addresses does not always hinder one on the loopback address, so both are asked.
  return !(await isListening(port)) && (await canListen(port));
}

function canListen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.on('error', () => resolve(false));
    server.listen({ port, host: HOST, exclusive: true }, () => server.close(() => resolve(true)));
  });
}

/** True when something accepts connections at the port. */
export function isListening(port: number, host: string = HOST): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection({ port, host, timeout: serviceLimits.connectMs });
    const finish = (answer: boolean): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.on('connect', () => finish(true));
    socket.on('error', () => finish(false));
    socket.on('timeout', () => finish(false));
  });
}
