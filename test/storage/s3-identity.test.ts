/**
 * Who the store says one is, and whom it trusts: temporary keys, the role of a machine, certificates of a hospital's
 * own authority.
 */
import { once } from 'node:events';
import { mkdtempSync, readFileSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { connectedDeployment } from '../../runtime/connected-deployment.ts';
import { deploymentFrom, environmentOf } from '../../runtime/deployment.ts';
import { S3Store } from '../../storage/s3-store.ts';
import { readTlsFiles } from '../../storage/tls-files.ts';
import { hasOpenssl, makeCertificates } from '../certificates.ts';

async function portOf(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

/** Answers every GET with two bytes. */
function answerOk(_: IncomingMessage, response: ServerResponse): void {
  response.writeHead(200, { 'content-length': 2, etag: '"e"' });
  response.end('ok');
}

describe('who one is', () => {
  const seen: IncomingMessage['headers'][] = [];
  const server = createServer((request, response) => {
    seen.push(request.headers);
    answerOk(request, response);
  });
  let endpoint: string;
  beforeAll(async () => {
    endpoint = `http://127.0.0.1:${await portOf(server)}`;
  });
  afterAll(() => void server.close());
  afterEach(() => vi.unstubAllEnvs());

  it('is said with the session token of temporary keys', async () => {
    const environment = {
      ECHOLOOP_S3_ENDPOINT: endpoint,
      AWS_ACCESS_KEY_ID: 'temporary',
      AWS_SECRET_ACCESS_KEY: 'secret',
      AWS_SESSION_TOKEN: 'the-session-token',
    };
    await new S3Store(deploymentFrom(environment).s3).get('key');
    expect(seen.at(-1)).toMatchObject({ 'x-amz-security-token': 'the-session-token' });
    expect(environmentOf(deploymentFrom(environment), true)).toMatchObject({
      AWS_SESSION_TOKEN: 'the-session-token',
    });
  });

  it('is asked of the machine where the environment has no keys', async () => {
    const metadata = createServer((_, response) => {
      const Expiration = new Date(Date.now() + 3_600_000).toISOString();
      response.end(
        JSON.stringify({ AccessKeyId: 'ofTheRole', SecretAccessKey: 's', Token: 'role-token', Expiration }),
      );
    });
    try {
      vi.stubEnv('AWS_CONTAINER_CREDENTIALS_FULL_URI', `http://127.0.0.1:${await portOf(metadata)}/role`);
      for (const name of ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_PROFILE'])
        vi.stubEnv(name, undefined);
      await new S3Store(deploymentFrom({ ECHOLOOP_S3_ENDPOINT: endpoint }).s3).get('key');
      expect(seen.at(-1)).toMatchObject({ 'x-amz-security-token': 'role-token' });
      expect(seen.at(-1)!.authorization).toContain('Credential=ofTheRole/');
    } finally {
      metadata.close();
    }
  });

  it('is never said with a session token that belongs to other keys', async () => {
    const { s3 } = await connectedDeployment({ AWS_SESSION_TOKEN: 'of-other-keys', ECHOLOOP_HOME: tmpdir() });
    const embedded = { ...s3, accessKeyId: 'embedded', secretAccessKey: 's', sessionToken: undefined };
    const environment = environmentOf({ ...deploymentFrom({}), s3: embedded }, true);
    // Empty, so that it replaces the one that a child process would inherit.
    expect(environment.AWS_SESSION_TOKEN).toBe('');
    expect(deploymentFrom(environment).s3.sessionToken).toBeUndefined();
  });
});

describe.skipIf(!hasOpenssl)('whom one trusts', () => {
  const folder = mkdtempSync(join(tmpdir(), 'echoloop-tls-'));
  const file = (name: string) => join(folder, name);
  let server: Server;
  let endpoint: string;

  beforeAll(async () => {
    makeCertificates(folder);
    const tls = { cert: readFileSync(file('server.pem')), key: readFileSync(file('server.key')) };
    server = createTlsServer(
      { ...tls, ca: readFileSync(file('ca.pem')), requestCert: true, rejectUnauthorized: true },
      answerOk,
    );
    endpoint = `https://127.0.0.1:${await portOf(server)}`;
  });
  afterAll(async () => {
    server?.close();
    await rm(folder, { recursive: true });
  });

  const storeWith = (environment: Record<string, string>) =>
    new S3Store(
      deploymentFrom({
        ECHOLOOP_S3_ENDPOINT: endpoint,
        AWS_ACCESS_KEY_ID: 'key',
        AWS_SECRET_ACCESS_KEY: 'secret',
        ...environment,
      }).s3,
      { connectMs: 2000, stallMs: 2000, attempts: 1, connections: 4 },
    );

  it('is the authority that the environment names, which gets to see this client’s certificate', async () => {
    const store = storeWith({
      ECHOLOOP_S3_CA_FILE: file('ca.pem'),
      ECHOLOOP_S3_CERT_FILE: file('client.pem'),
      ECHOLOOP_S3_KEY_FILE: file('client.key'),
    });
    expect(Buffer.from((await store.get('key'))!).toString()).toBe('ok');
  });

  it('is nobody else: neither side goes on without the other’s certificate', async () => {
    await expect(storeWith({}).get('key')).rejects.toMatchObject({ code: 'StorageUnavailable' });
    await expect(storeWith({ AWS_CA_BUNDLE: file('ca.pem') }).get('key')).rejects.toMatchObject({
      code: 'StorageUnavailable',
    });
  });

  it('is told in words when a file is not what it should be', async () => {
    await writeFile(file('note.txt'), 'no certificate');
    const failure = (files: Parameters<typeof readTlsFiles>[0]) => () => readTlsFiles(files, 'ECHOLOOP_S3');
    expect(failure({ caFile: file('none.pem') })).toThrow(/ECHOLOOP_S3_CA_FILE names .*none\.pem.*ENOENT/);
    expect(failure({ caFile: file('note.txt') })).toThrow(/no PEM file/);
    expect(failure({ certFile: file('client.pem') })).toThrow(/needs its key/);
    expect(readTlsFiles({}, 'ECHOLOOP_S3')).toBeUndefined();
  });
});
