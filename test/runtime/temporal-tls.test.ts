/** A Temporal server that asks for certificates: the client, the worker and `doctor` show theirs and check its. */
import { once } from 'node:events';
import { mkdtempSync, readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { type AddressInfo, connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer, type Server } from 'node:tls';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectTo } from '../../app/connections.ts';
import { deploymentFrom } from '../../runtime/deployment.ts';
import { askTemporal } from '../../runtime/services/temporal-server.ts';
import { connectWorker } from '../../workers/connect.ts';
import { hasOpenssl, makeCertificates } from '../certificates.ts';
import { openServer } from '../orchestration/harness.ts';

describe.skipIf(!hasOpenssl)('a Temporal server behind TLS', () => {
  const folder = mkdtempSync(join(tmpdir(), 'echoloop-temporal-tls-'));
  const file = (name: string) => join(folder, name);
  let environment: TestWorkflowEnvironment;
  let front: Server;
  let address: string;

  beforeAll(async () => {
    makeCertificates(folder);
    environment = await openServer();
    const [host, port] = environment.address.split(':');
    front = createServer(
      {
        cert: readFileSync(file('server.pem')),
        key: readFileSync(file('server.key')),
        ca: readFileSync(file('ca.pem')),
        requestCert: true,
        rejectUnauthorized: true,
        ALPNProtocols: ['h2'],
      },
      (socket) => {
        const behind = connect(Number(port), host);
        for (const end of [socket, behind]) end.on('error', () => undefined);
        socket.pipe(behind).pipe(socket);
      },
    );
    front.on('tlsClientError', () => undefined);
    front.listen(0, '127.0.0.1');
    await once(front, 'listening');
    address = `127.0.0.1:${(front.address() as AddressInfo).port}`;
  });
  afterAll(async () => {
    front?.close();
    await environment?.teardown();
    await rm(folder, { recursive: true });
  });

  const deploymentWith = (files: Record<string, string>) =>
    deploymentFrom({ TEMPORAL_ADDRESS: address, ...files });
  const whole = () => ({
    TEMPORAL_CA_FILE: file('ca.pem'),
    TEMPORAL_CERT_FILE: file('client.pem'),
    TEMPORAL_KEY_FILE: file('client.key'),
  });

  it('is reached with the certificates that the environment names, by all who talk to it', async () => {
    const deployment = deploymentWith(whole());
    const { temporal } = deployment;
    expect(await askTemporal({ ...temporal, address })).toMatch(/^\d+\./);
    const known = await connectTo(deployment, ({ client }) =>
      client.workflowService.describeNamespace({ namespace: 'default' }),
    );
    expect(known.namespaceInfo?.name).toBe('default');
    const connection = await connectWorker(deployment);
    await connection.close();
  });

  it('is reached with the names that Temporal’s own command has for them', async () => {
    const { temporal } = deploymentWith({
      TEMPORAL_TLS_SERVER_CA_CERT_PATH: file('ca.pem'),
      TEMPORAL_TLS_CLIENT_CERT_PATH: file('client.pem'),
      TEMPORAL_TLS_CLIENT_KEY_PATH: file('client.key'),
    });
    expect(await askTemporal({ ...temporal, address })).toMatch(/^\d+\./);
  });

  it.each([
    ['without an authority that knows it', { TEMPORAL_TLS: 'true' }],
    ['without a certificate to show', { TEMPORAL_CA_FILE: 'ca.pem' }],
  ])('is not reached %s', async (_, named) => {
    const files = Object.entries(named).map(([name, value]) => [
      name,
      value.endsWith('.pem') ? file(value) : value,
    ]);
    const deployment = deploymentWith(Object.fromEntries(files));
    const unreachable = { code: 'OrchestratorUnavailable' };
    await expect(connectTo(deployment, async () => undefined)).rejects.toMatchObject(unreachable);
    await expect(connectWorker(deployment)).rejects.toMatchObject(unreachable);
  });

  it('is not even asked when a certificate cannot be read', async () => {
    const { TEMPORAL_KEY_FILE: _, ...withoutKey } = whole();
    const wrong = { code: 'ConfigInvalid', message: expect.stringContaining('TEMPORAL_KEY_FILE') };
    await expect(connectTo(deploymentWith(withoutKey), async () => undefined)).rejects.toMatchObject(wrong);
    await expect(connectWorker(deploymentWith(withoutKey))).rejects.toMatchObject(wrong);
  });
});
