/** TCP ports on this machine: the usual one of a service when it is free, otherwise any free one. */
import { createConnection, createServer } from 'node:net';

export const HOST = '127.0.0.1';

function listen(port: number): Promise<number | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.on('error', () => resolve(undefined));
    server.listen({ port, host: HOST, exclusive: true }, () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address ? address.port : undefined));
    });
  });
}

/** True when something accepts connections at the port. */
export function isListening(port: number, host: string = HOST): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection({ port, host, timeout: 1000 });
    const finish = (answer: boolean): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.on('connect', () => finish(true));
    socket.on('error', () => finish(false));
    socket.on('timeout', () => finish(false));
  });
}

/** True when nothing holds the port on any of this machine's addresses that a local service would. */
export async function isPortFree(port: number): Promise<boolean> {
  // A listener on all addresses does not always hinder one on the loopback address, so both are asked.
  return !(await isListening(port)) && (await listen(port)) === port;
}

export interface ChosenPort {
  readonly port: number;
  /** False when the usual one was taken. */
  readonly usual: boolean;
}

/** The usual port of a service, or a free one when that is taken or among `avoid`. */
export async function choosePort(usual: number, avoid: readonly number[] = []): Promise<ChosenPort> {
  if (!avoid.includes(usual) && (await isPortFree(usual))) return { port: usual, usual: true };
  for (let attempt = 0; attempt < 50; attempt++) {
    const port = await listen(0);
    if (port !== undefined && !avoid.includes(port)) return { port, usual: false };
  }
  throw new Error(`No free TCP port was found on ${HOST}; end some program that listens, and try again`);
}
