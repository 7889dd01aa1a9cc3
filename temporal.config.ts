/**
 * The one typed configuration of a deployment: where Temporal and the object store are, how many things run at once, and every
 * timeout and retry rule. Values come from the environment over these defaults; secrets come from the environment alone.
 */
import { z } from 'zod';
import { DomainError } from './ground/errors.ts';

const DeploymentSchema = z.strictObject({
  temporal: z.strictObject({
    /** host:port; undefined means the embedded server of `echoloop up`. */
    address: z.string().min(1).optional(),
    namespace: z.string().min(1).default('default'),
    apiKey: z.string().min(1).optional(),
    tls: z.stringbool().default(false),
  }),
  s3: z.strictObject({
    /** http(s)://host:port; undefined means the embedded server of `echoloop up`. */
    endpoint: z.url().optional(),
    region: z.string().min(1).default('us-east-1'),
    bucket: z.string().min(3).default('echoloop'),
    accessKeyId: z.string().min(1).optional(),
    secretAccessKey: z.string().min(1).optional(),
    /** Comes with the two above when they are temporary. */
    sessionToken: z.string().min(1).optional(),
    /** PEM of the authorities that the server's certificate is checked against. */
    caFile: z.string().min(1).optional(),
    /** PEM of the certificate that this client shows, and of its key. */
    certFile: z.string().min(1).optional(),
    keyFile: z.string().min(1).optional(),
    /** Needed by most S3 look-alikes. */
    forcePathStyle: z.stringbool().default(true),
  }),
  /** Threads of one compute process; results are the same bit for bit only at the same count. */
  computeThreads: z.coerce.number().int().min(1).max(1024).optional(),
  /** `true` makes a silent fall-back to the processor an error on a compute worker. */
  requireGpu: z.stringbool().default(false),
  /** Where embedded services keep their data. */
  home: z.string().min(1).default('.echoloop'),
});

export type Deployment = z.infer<typeof DeploymentSchema>;

/**
 * Reads the deployment from environment variables.
 * @throws DomainError ConfigInvalid naming each variable that is wrong.
 */
export function deploymentFrom(environment: Readonly<Record<string, string | undefined>>): Deployment {
  const set = (name: string): string | undefined => environment[name] || undefined;
  const parsed = DeploymentSchema.safeParse({
    temporal: {
      address: set('TEMPORAL_ADDRESS'),
      namespace: set('TEMPORAL_NAMESPACE'),
      apiKey: set('TEMPORAL_API_KEY'),
      tls: set('TEMPORAL_TLS'),
    },
    s3: {
      endpoint: set('ECHOLOOP_S3_ENDPOINT') ?? set('AWS_ENDPOINT_URL_S3') ?? set('AWS_ENDPOINT_URL'),
      region: set('AWS_REGION'),
      bucket: set('ECHOLOOP_S3_BUCKET'),
      accessKeyId: set('AWS_ACCESS_KEY_ID'),
      secretAccessKey: set('AWS_SECRET_ACCESS_KEY'),
      sessionToken: set('AWS_SESSION_TOKEN'),
      caFile: set('ECHOLOOP_S3_CA_FILE') ?? set('AWS_CA_BUNDLE'),
      certFile: set('ECHOLOOP_S3_CERT_FILE'),
      keyFile: set('ECHOLOOP_S3_KEY_FILE'),
      forcePathStyle: set('ECHOLOOP_S3_PATH_STYLE'),
    },
    computeThreads: set('ECHOLOOP_COMPUTE_THREADS'),
    requireGpu: set('ECHOLOOP_REQUIRE_GPU'),
    home: set('ECHOLOOP_HOME'),
  });
  if (!parsed.success) {
    throw new DomainError(
      'ConfigInvalid',
      `The environment does not describe a deployment:\n${z.prettifyError(parsed.error)}`,
    );
  }
  return parsed.data;
}

/** Timeouts and retries of each kind of activity; read by workflows/proxies.ts, so plain data without a clock. */
export { activityPolicies } from './contracts/activity-policies.ts';
