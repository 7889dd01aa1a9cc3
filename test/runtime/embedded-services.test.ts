import { mkdtempSync, statSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { Agent, get } from 'node:http';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { Client, Connection } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectedDeployment } from '../../runtime/connected-deployment.ts';
import { deploymentFrom } from '../../runtime/deployment.ts';
import { findBinary } from '../../runtime/provision/binaries.ts';
import { cacheFolder } from '../../runtime/provision/cache-folder.ts';
import { s3Binary } from '../../runtime/provision/s3.ts';
import { temporalBinary } from '../../runtime/provision/temporal.ts';
import { type Embedded, startEmbedded } from '../../runtime/services/embedded.ts';
import { isListening } from '../../runtime/services/ports.ts';
import { TEMPORAL_PORT } from '../../runtime/services/temporal-server.ts';
import { bucketExists } from '../../storage/s3-bucket.ts';

const cache = cacheFolder();
const missing = (
  await Promise.all(
    [temporalBinary, s3Binary].map(async (binary) =>
      (await findBinary(binary, cache)) ? [] : [binary.name],
    ),
  )
).flat();
if (missing.length > 0)
  console.warn(
    `NOT TESTED: the embedded services, for want of ${missing.join(' and ')}; \`npm test\` gets them`,
  );

async function until(condition: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 40_000;
  while (!(await condition().catch(() => false))) {
    if (Date.now() > deadline) throw new Error('waited 40 s in vain');
    await sleep(100);
  }
}

describe.skipIf(missing.length > 0)('the embedded services', () => {
  const home = mkdtempSync(join(tmpdir(), 'echoloop-embedded-'));
  const lines: string[] = [];
  let holder: Server | undefined;
  let embedded: Embedded;

  beforeAll(async () => {
    // Whatever else this machine runs, the usual port of Temporal is taken now.
    if (!(await isListening(TEMPORAL_PORT)))
      holder = createServer((socket) => socket.end()).listen(TEMPORAL_PORT, '127.0.0.1');
    embedded = await startEmbedded({
      deployment: deploymentFrom({ ECHOLOOP_HOME: home }),
      log: (line) => lines.push(line),
    });
  });
  afterAll(async () => {
    await embedded?.stop();
    holder?.close();
    await rm(home, { recursive: true, force: true });
  });

  const s3Client = (): S3Client => {
    const { endpoint, region, accessKeyId, secretAccessKey } = embedded.deployment.s3;
    return new S3Client({
      endpoint: endpoint!,
      region,
      forcePathStyle: true,
      credentials: { accessKeyId: accessKeyId!, secretAccessKey: secretAccessKey! },
    });
  };
  const withTemporal = async <Result>(work: (client: Client) => Promise<Result>): Promise<Result> => {
    const connection = await Connection.connect({
      address: embedded.deployment.temporal.address!,
      connectTimeout: '5s',
    });
    return await work(new Client({ connection })).finally(() => connection.close());
  };

  it('answer several requests over one connection', async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const ask = () =>
      new Promise<boolean>((resolve, reject) => {
        const request = get(embedded.deployment.s3.endpoint!, { agent }, (response) =>
          response.resume().on('end', () => resolve(request.reusedSocket)),
        ).on('error', reject);
      });
    expect([await ask(), await ask(), await ask()]).toEqual([false, true, true]);
    agent.destroy();
  });

  it('say plainly that a usual port was taken and listen on another', async () => {
    expect(lines.join('\n')).toContain(`Temporal: port ${TEMPORAL_PORT} is taken`);
    expect(embedded.deployment.temporal.address).not.toContain(String(TEMPORAL_PORT));
  });

  it('keep the keys in a file that only the user reads', () => {
    expect(statSync(join(home, 'credentials.json')).mode & 0o777).toBe(0o600);
  });

  it('remember for months what has ended, so that it can be resumed', async () => {
    const { config } = await withTemporal((client) =>
      client.workflowService.describeNamespace({ namespace: 'default' }),
    );
    expect(Number(config?.workflowExecutionRetentionTtl?.seconds)).toBe(90 * 24 * 3600);
  });

  it('are found by a command that the environment tells nothing', async () => {
    await embedded.supervisor.ready();
    const found = await connectedDeployment({ ECHOLOOP_HOME: home });
    expect(found.temporal.address).toBe(embedded.deployment.temporal.address);
    expect(await bucketExists(found.s3)).toBe(true);
  });

  it('keep workflows and objects through kill -9, on the same addresses', async () => {
    await withTemporal((client) =>
      client.workflow.start('anything', { taskQueue: 'nobody', workflowId: 'kept' }),
    );
    const put = (key: string): Promise<unknown> =>
      s3Client().send(
        new PutObjectCommand({
          Bucket: embedded.deployment.s3.bucket,
          Key: key,
          Body: 'kept',
          IfNoneMatch: '*',
        }),
      );
    await put('runs/x/kept.json');
    for (const name of ['temporal', 's3']) {
      const pid = embedded.supervisor.pidOf(name)!;
      process.kill(pid, 'SIGKILL');
      await until(
        async () => embedded.supervisor.pidOf(name) !== undefined && embedded.supervisor.pidOf(name) !== pid,
      );
    }
    await until(async () => {
      const status = await withTemporal((client) => client.workflow.getHandle('kept').describe());
      return status.status.name === 'RUNNING';
    });
    await until(async () => {
      const object = await s3Client().send(
        new GetObjectCommand({ Bucket: embedded.deployment.s3.bucket, Key: 'runs/x/kept.json' }),
      );
      return (await object.Body!.transformToString()) === 'kept';
    });
    await expect(put('runs/x/kept.json')).rejects.toMatchObject({ $metadata: { httpStatusCode: 412 } });
  });

  it('keep everything through a stop and a start', async () => {
    await embedded.stop();
    embedded = await startEmbedded({
      deployment: deploymentFrom({ ECHOLOOP_HOME: home }),
      log: (line) => lines.push(line),
    });
    const description = await withTemporal((client) => client.workflow.getHandle('kept').describe());
    expect(description.status.name).toBe('RUNNING');
    const object = await s3Client().send(
      new GetObjectCommand({ Bucket: embedded.deployment.s3.bucket, Key: 'runs/x/kept.json' }),
    );
    expect(await object.Body!.transformToString()).toBe('kept');
  });

  it('refuse keys that are not theirs', async () => {
    const s3 = { ...embedded.deployment.s3, secretAccessKey: 'not-the-right-secret-key' };
    await expect(bucketExists(s3)).rejects.toMatchObject({ code: 'AccessDenied' });
  });
});
