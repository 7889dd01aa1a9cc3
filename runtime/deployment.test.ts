import { resolve } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkedDeployment, type Deployment, deploymentFrom, environmentOf } from './deployment.ts';

const word = fc.stringMatching(/^[a-z0-9-]{3,12}$/);
const maybe = <Value>(value: fc.Arbitrary<Value>) => fc.option(value, { nil: undefined });

const anyDeployment: fc.Arbitrary<Deployment> = fc.record({
  temporal: fc.record({
    address: maybe(word),
    namespace: word,
    apiKey: maybe(word),
    tls: fc.boolean(),
    caFile: maybe(word),
    certFile: maybe(word),
    keyFile: maybe(word),
  }),
  s3: fc.record({
    // A host name of digits alone would be read as an address.
    endpoint: maybe(word.map((host) => `https://store-${host}:9000`)),
    region: word,
    bucket: word,
    accessKeyId: maybe(word),
    secretAccessKey: maybe(word),
    sessionToken: maybe(word),
    caFile: maybe(word),
    certFile: maybe(word),
    keyFile: maybe(word),
    forcePathStyle: fc.boolean(),
  }),
  computeThreads: maybe(fc.integer({ min: 1, max: 1024 })),
  requireGpu: fc.boolean(),
  artefactCacheBytes: fc.nat(),
  home: word.map((folder) => resolve(folder)),
});

describe('a deployment', () => {
  it('is read by another process as it was written for it, whatever is set', () => {
    fc.assert(
      fc.property(anyDeployment, (deployment) => {
        expect(deploymentFrom(environmentOf(deployment, true))).toEqual(deployment);
      }),
    );
  });

  it('keeps its keys out of an environment without secrets', () => {
    const secrets = {
      TEMPORAL_API_KEY: 'key-of-temporal',
      AWS_ACCESS_KEY_ID: 'key-of-s3',
      AWS_SECRET_ACCESS_KEY: 'secret-of-s3',
      AWS_SESSION_TOKEN: 'token-of-s3',
    };
    const deployment = deploymentFrom(secrets);
    expect(environmentOf(deployment, true)).toMatchObject(secrets);
    const written = Object.keys(environmentOf(deployment, false));
    for (const name of Object.keys(secrets)) expect(written).not.toContain(name);
  });

  it('passes its own check again after a channel of messages', () => {
    const deployment = deploymentFrom({ TEMPORAL_TLS: 'true', ECHOLOOP_COMPUTE_THREADS: '4' });
    expect(checkedDeployment(JSON.parse(JSON.stringify(deployment)))).toEqual(deployment);
  });

  it('names every variable that is wrong', () => {
    const wrong = {
      TEMPORAL_TLS: 'perhaps',
      ECHOLOOP_S3_ENDPOINT: 'nowhere',
      ECHOLOOP_COMPUTE_THREADS: 'many',
    };
    expect(() => deploymentFrom(wrong)).toThrow(
      /TEMPORAL_TLS: expected true or false[\s\S]*ECHOLOOP_S3_ENDPOINT[\s\S]*ECHOLOOP_COMPUTE_THREADS/,
    );
  });
});
