/**
 * A proxy before a real S3 server that spoils what a test tells it to: the network, the disk and the server of a bad
 * day.
 */
import { once } from 'node:events';
import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

export type Fault =
  /** The middle byte of the answer differs in one bit; `where` gives the byte instead. */
  | { readonly kind: 'flip'; readonly where?: (bytes: Buffer) => number }
  /** The answer announces all of itself and breaks off in the middle. */
  | { readonly kind: 'truncate' }
  | { readonly kind: 'status'; readonly status: number }
  /** The answer comes this much later. */
  | { readonly kind: 'slow'; readonly delayMs: number }
  /** The request arrives nowhere and is never answered. */
  | { readonly kind: 'silent' }
  /** Half of the answer comes, the rest never. */
  | { readonly kind: 'stall' }
  /** The server does what was asked, and the answer is lost. */
  | { readonly kind: 'lose-answer' };

export interface ProxiedRequest {
  readonly method: string;
  /** Path without the bucket, decoded. */
  readonly key: string;
  /** How often this method and key were asked for before. */
  readonly earlier: number;
}

export interface FaultyProxy {
  readonly endpoint: string;
  /** Every request that came, in order. */
  readonly requests: ProxiedRequest[];
  /** Bytes of all answers that were passed on. */
  answeredBytes: number;
  /** Decides about each request; nothing is spoilt by default. */
  fault: (request: ProxiedRequest) => Fault | undefined;
  close(): Promise<void>;
}

/** @param target endpoint of the real server; signatures stay valid because the host header is passed on as it came. */
export async function faultyProxy(target: string): Promise<FaultyProxy> {
  const { hostname, port } = new URL(target);
  const counts = new Map<string, number>();
  const server: Server = createServer((incoming, response) => {
    serve(incoming, response).catch(() => response.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');

  const proxy: FaultyProxy = {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests: [],
    answeredBytes: 0,
    fault: () => undefined,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };

  async function serve(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = decodeURIComponent(new URL(incoming.url!, target).pathname);
    const described = { method: incoming.method!, key: path.split('/').slice(2).join('/') };
    const name = `${described.method} ${described.key}`;
    const proxied = { ...described, earlier: counts.get(name) ?? 0 };
    counts.set(name, proxied.earlier + 1);
    proxy.requests.push(proxied);
    const fault = proxy.fault(proxied);
    const body = await bytesOf(incoming);
    if (fault?.kind === 'silent') return;
    if (fault?.kind === 'status') {
      response.writeHead(fault.status, { 'content-type': 'application/xml' });
      response.end('<Error><Code>InternalError</Code><Message>We encountered an error.</Message></Error>');
      return;
    }
    if (fault?.kind === 'slow') await sleep(fault.delayMs);
    const answer = await forwarded(incoming, body);
    if (fault?.kind === 'lose-answer') {
      response.destroy();
      return;
    }
    pass(answer, response, fault);
    proxy.answeredBytes += answer.bytes.length;
  }

  async function forwarded(incoming: IncomingMessage, body: Buffer) {
    const { method, url: path, headers } = incoming;
    const forward = request({ hostname, port, method, path, headers });
    forward.end(body);
    const [answer] = (await once(forward, 'response')) as [IncomingMessage];
    return { status: answer.statusCode!, headers: answer.headers, bytes: await bytesOf(answer) };
  }

  return proxy;
}

function pass(
  answer: { status: number; headers: IncomingMessage['headers']; bytes: Buffer },
  response: ServerResponse,
  fault: Fault | undefined,
): void {
  const { status, headers, bytes } = answer;
  // What comes after HEAD announces a body that it does not have.
  response.writeHead(status, headers);
  if (fault?.kind === 'flip' && bytes.length > 0) {
    const at = fault.where?.(bytes) ?? Math.floor(bytes.length / 2);
    bytes[at] = bytes[at]! ^ 1;
  }
  if (fault?.kind === 'truncate' || fault?.kind === 'stall') {
    response.write(bytes.subarray(0, Math.floor(bytes.length / 2)), () => {
      if (fault.kind === 'truncate') response.destroy();
    });
    return;
  }
  response.end(bytes);
}

async function bytesOf(stream: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
