/**
 * The embedded S3 service where files have no extended attributes: metadata in a folder beside the data, found out by
 * trying.
 */
import { mkdtempSync } from 'node:fs';
import { chmod, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { deploymentFrom } from '../../runtime/deployment.ts';
import { findBinary } from '../../runtime/provision/binaries.ts';
import { cacheFolder } from '../../runtime/provision/cache-folder.ts';
import { s3Binary } from '../../runtime/provision/s3.ts';
import { type Embedded, startEmbedded } from '../../runtime/services/embedded.ts';
import { s3Server } from '../../runtime/services/s3-server.ts';
import { ensureBucket } from '../../storage/s3-bucket.ts';
import { S3Store } from '../../storage/s3-store.ts';
import { describeStoreContract } from '../../storage/store-contract.ts';

describe('the embedded S3 service with its metadata in a folder', () => {
  const home = mkdtempSync(join(tmpdir(), 'echoloop-metadata-'));
  let embedded: Embedded;
  let buckets = 0;

  beforeAll(async () => {
    await writeFile(join(home, 's3-metadata-in-folder'), '');
    embedded = await startEmbedded({
      deployment: deploymentFrom({ ECHOLOOP_HOME: home, TEMPORAL_ADDRESS: '127.0.0.1:9' }),
      log: () => undefined,
    });
  });
  afterAll(async () => {
    await embedded?.stop();
    await rm(home, { recursive: true, force: true });
  });

  describeStoreContract(async () => {
    const s3 = { ...embedded.deployment.s3, bucket: `contract-${++buckets}` };
    await ensureBucket(s3);
    return new S3Store(s3);
  });
});

describe('the place of the metadata', () => {
  let home: string;
  beforeEach(() => {
    home = mkdtempSync(join(tmpdir(), 'echoloop-metadata-'));
  });
  afterEach(() => rm(home, { recursive: true, force: true }));

  /** A binary that refuses to run by the shell's pattern, as the real one does on such a file system. */
  async function refusing(pattern: string, text: string): Promise<string> {
    const real = (await findBinary(s3Binary, cacheFolder()))!.path;
    const path = join(home, 'gateway');
    await writeFile(
      path,
      `#!/bin/sh\ncase "$*" in\n${pattern}) echo "${text}" >&2; exit 1;;\nesac\nexec "${real}" "$@"\n`,
    );
    await chmod(path, 0o755);
    return path;
  }
  const start = async (binary: string) =>
    s3Server({
      binary,
      home,
      port: 7071,
      region: 'us-east-1',
      credentials: { accessKeyId: 'a-test-key', secretAccessKey: 'a-test-secret-of-some-length' },
    });

  it('is the files themselves where they can hold it', async () => {
    const { args } = await start(await refusing('*--sidecar*', 'never needed'));
    expect(args.some((argument) => argument.startsWith('--sidecar'))).toBe(false);
    expect(await readdir(home)).toContain('s3-metadata-in-attributes');
  });

  it('is a folder where the gateway does not start otherwise, and stays so', async () => {
    const binary = await refusing('*--sidecar*) exec "$REAL" "$@";; *posix*', 'xattrs are not supported');
    process.env.REAL = (await findBinary(s3Binary, cacheFolder()))!.path;
    const { args } = await start(binary);
    expect(args).toContain(`--sidecar=${join(home, 'metadata-of-s3')}`);
    expect((await start('/never/tried')).args).toEqual(args);
  });

  it('is not decided by a gateway that does not start at all, which is told with its own words', async () => {
    await expect(start(await refusing('*', 'no such instruction'))).rejects.toMatchObject({
      code: 'StorageUnavailable',
      message: expect.stringContaining('no such instruction'),
    });
    expect((await readdir(home)).filter((name) => name.startsWith('s3-metadata-in'))).toEqual([]);
  });
});
