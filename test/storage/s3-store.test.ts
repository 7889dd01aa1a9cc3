import { once } from 'node:events';
import { mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CreateMultipartUploadCommand, UploadPartCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { deploymentFrom } from '../../runtime/deployment.ts';
import { type Embedded, startEmbedded } from '../../runtime/services/embedded.ts';
import { readArtefact, writeArtefact } from '../../storage/artefacts.ts';
import { endAbandonedUploads } from '../../storage/s3-abandoned-uploads.ts';
import { ensureBucket } from '../../storage/s3-bucket.ts';
import { openS3Client } from '../../storage/s3-client.ts';
import { S3Store } from '../../storage/s3-store.ts';
import { describeStoreContract } from '../../storage/store-contract.ts';

describe('the store on a real S3 server', () => {
  const home = mkdtempSync(join(tmpdir(), 'echoloop-s3-'));
  let embedded: Embedded;
  let buckets = 0;

  beforeAll(async () => {
    embedded = await startEmbedded({
      deployment: deploymentFrom({ ECHOLOOP_HOME: home }),
      log: () => undefined,
    });
  });
  afterAll(async () => {
    await embedded?.stop();
    await rm(home, { recursive: true, force: true });
  });

  async function emptyStore(): Promise<S3Store> {
    const s3 = { ...embedded.deployment.s3, bucket: `contract-${++buckets}` };
    await ensureBucket(s3);
    return new S3Store(s3);
  }

  describeStoreContract(emptyStore);

  it('takes an object of many parts whole, once', async () => {
    const store = await emptyStore();
    const bytes = new Uint8Array(70 * 1024 * 1024);
    for (let i = 0; i < bytes.length; i += 4096) bytes[i] = i >> 12;
    const origin = { inputs: [], codeVersion: 'test', mediaType: 'application/octet-stream' };
    const reference = await writeArtefact(store, 'large', bytes, origin);
    expect(Buffer.compare(await readArtefact(store, reference), bytes)).toBe(0);
    expect(await store.put('large', bytes, { ifNoneMatch: true })).toBe('refused');
  });

  it('keeps nothing of an upload whose writer was killed, once that is told to be abandoned', async () => {
    const s3 = { ...embedded.deployment.s3, bucket: `contract-${++buckets}` };
    await ensureBucket(s3);
    const client = openS3Client(s3);
    const object = { Bucket: s3.bucket, Key: 'checkpoint' };
    const { UploadId } = await client.send(new CreateMultipartUploadCommand(object));
    await client.send(new UploadPartCommand({ ...object, UploadId, PartNumber: 1, Body: 'the first part' }));
    expect(await endAbandonedUploads(s3)).toBe(0);
    expect(await endAbandonedUploads(s3, -60_000)).toBe(1);
    expect(await endAbandonedUploads(s3, -60_000)).toBe(0);
    client.destroy();
  });

  it('says what is wrong: credentials, bucket or address', async () => {
    const { s3 } = embedded.deployment;
    const failure = (options: Partial<typeof s3>) => new S3Store({ ...s3, ...options }).get('key');
    await expect(failure({ secretAccessKey: 'wrong' })).rejects.toMatchObject({ code: 'AccessDenied' });
    await expect(failure({ bucket: 'no-such-bucket' })).rejects.toMatchObject({ code: 'ConfigInvalid' });
    await expect(failure({ endpoint: 'http://127.0.0.1:9' })).rejects.toMatchObject({
      code: 'StorageUnavailable',
    });
  });
});

it('says that the store is full when its server does', async () => {
  const server = createServer((request, response) => {
    request.resume();
    response.writeHead(507, { 'content-type': 'application/xml' });
    response.end(
      '<Error><Code>InsufficientStorage</Code><Message>No space left on device.</Message></Error>',
    );
  }).listen(0, '127.0.0.1');
  try {
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const store = new S3Store({
      endpoint: `http://127.0.0.1:${port}`,
      region: 'us-east-1',
      bucket: 'full',
      accessKeyId: 'key',
      secretAccessKey: 'secret',
      forcePathStyle: true,
    });
    await expect(store.put('runs/a/policy', new Uint8Array(9))).rejects.toMatchObject({
      code: 'StorageUnavailable',
      message: expect.stringMatching(/is full: writing runs\/a\/policy/),
    });
  } finally {
    server.close();
  }
});
