/**
 * Where the services of a deployment are and what its machines may use. Values come from environment variables over
 * the defaults here; secrets from nowhere else. The same table writes them for another process.
 */
import { resolve } from 'node:path';
import { z } from 'zod';
import { DomainError } from '../ground/errors.ts';
import { diskBudgets } from '../temporal.config.ts';

/** `true` itself, or as a variable says it. */
const flag = z.union([z.boolean(), z.stringbool()], 'expected true or false');
const text = z.string().min(1);

export const DeploymentSchema = z.strictObject({
  temporal: z.strictObject({
    address: text.optional().describe('host:port; the embedded server of `echoloop up` when left out'),
    namespace: text.default('default').describe('namespace of the server that runs belong to'),
    apiKey: text.optional().describe('API key, for Temporal Cloud'),
    tls: flag.default(false).describe('connect by TLS; the same follows from any of the next three'),
    caFile: text
      .optional()
      .describe("PEM of the authorities that the server's certificate is checked against"),
    certFile: text.optional().describe('PEM of the certificate that this client shows'),
    keyFile: text.optional().describe('PEM of the key of that certificate'),
  }),
  s3: z.strictObject({
    endpoint: z
      .url()
      .optional()
      .describe('http(s)://host:port; the embedded server of `echoloop up` when left out'),
    region: text.default('us-east-1').describe('region of the store'),
    bucket: z.string().min(3).default('echoloop').describe('bucket that holds everything'),
    accessKeyId: text.optional().describe("key; without one, the AWS SDK's own chain finds credentials"),
    secretAccessKey: text.optional().describe('belongs to that key'),
    sessionToken: text.optional().describe('comes with temporary keys'),
    caFile: text
      .optional()
      .describe("PEM of the authorities that the server's certificate is checked against"),
    certFile: text.optional().describe('PEM of the certificate that this client shows'),
    keyFile: text.optional().describe('PEM of the key of that certificate'),
    forcePathStyle: flag.default(true).describe('needed by most S3 look-alikes'),
  }),
  computeThreads: z.coerce
    .number()
    .int()
    .min(1)
    .max(1024)
    .optional()
    .describe('of one compute process; results are the same bit for bit only at the same count'),
  computeWorkers: z.coerce
    .number()
    .int()
    .min(1)
    .max(64)
    .optional()
    .describe(
      'that `up` starts, one for each device: 1 when left out; `quickstart` starts 2 where they gain (docs/operating.md)',
    ),
  requireGpu: flag
    .default(false)
    .describe('a silent fall-back to the processor is an error on a compute worker'),
  artefactCacheBytes: z.coerce
    .number()
    .int()
    .min(0)
    .default(diskBudgets.cacheBytes)
    .describe('of disk, for what the workers of a machine have read; all of them need the same'),
  home: text.default('.echoloop').describe('where embedded services keep their data'),
});

export type Deployment = z.infer<typeof DeploymentSchema>;

export interface DeploymentVariable {
  /** The first is written; the others are read where it is not set. */
  readonly names: readonly [string, ...string[]];
  /** Where the value lies in a deployment. */
  readonly path: readonly [section: string, field: string] | readonly [field: string];
  readonly secret?: boolean;
}

/** Every variable of a deployment (docs/reference/environment.md is made from it). */
export const deploymentVariables: readonly DeploymentVariable[] = [
  { names: ['TEMPORAL_ADDRESS'], path: ['temporal', 'address'] },
  { names: ['TEMPORAL_NAMESPACE'], path: ['temporal', 'namespace'] },
  { names: ['TEMPORAL_API_KEY'], path: ['temporal', 'apiKey'], secret: true },
  { names: ['TEMPORAL_TLS'], path: ['temporal', 'tls'] },
  // The longer names are those of Temporal's own command.
  { names: ['TEMPORAL_CA_FILE', 'TEMPORAL_TLS_SERVER_CA_CERT_PATH'], path: ['temporal', 'caFile'] },
  { names: ['TEMPORAL_CERT_FILE', 'TEMPORAL_TLS_CLIENT_CERT_PATH'], path: ['temporal', 'certFile'] },
  { names: ['TEMPORAL_KEY_FILE', 'TEMPORAL_TLS_CLIENT_KEY_PATH'], path: ['temporal', 'keyFile'] },
  {
    names: ['ECHOLOOP_S3_ENDPOINT', 'AWS_ENDPOINT_URL_S3', 'AWS_ENDPOINT_URL'],
    path: ['s3', 'endpoint'],
  },
  { names: ['AWS_REGION'], path: ['s3', 'region'] },
  { names: ['ECHOLOOP_S3_BUCKET'], path: ['s3', 'bucket'] },
  { names: ['AWS_ACCESS_KEY_ID'], path: ['s3', 'accessKeyId'], secret: true },
  { names: ['AWS_SECRET_ACCESS_KEY'], path: ['s3', 'secretAccessKey'], secret: true },
  { names: ['AWS_SESSION_TOKEN'], path: ['s3', 'sessionToken'], secret: true },
  { names: ['ECHOLOOP_S3_CA_FILE', 'AWS_CA_BUNDLE'], path: ['s3', 'caFile'] },
  { names: ['ECHOLOOP_S3_CERT_FILE'], path: ['s3', 'certFile'] },
  { names: ['ECHOLOOP_S3_KEY_FILE'], path: ['s3', 'keyFile'] },
  { names: ['ECHOLOOP_S3_PATH_STYLE'], path: ['s3', 'forcePathStyle'] },
  { names: ['ECHOLOOP_COMPUTE_THREADS'], path: ['computeThreads'] },
  { names: ['ECHOLOOP_COMPUTE_WORKERS'], path: ['computeWorkers'] },
  { names: ['ECHOLOOP_REQUIRE_GPU'], path: ['requireGpu'] },
  { names: ['ECHOLOOP_ARTEFACT_CACHE_BYTES'], path: ['artefactCacheBytes'] },
  { names: ['ECHOLOOP_HOME'], path: ['home'] },
];

export type Environment = Readonly<Record<string, string>>;

/**
 * Reads the deployment from environment variables.
 * @throws DomainError ConfigInvalid naming each variable that is wrong.
 */
export function deploymentFrom(environment: Readonly<Record<string, string | undefined>>): Deployment {
  const sections = { temporal: {}, s3: {} };
  const given: Record<string, unknown> = sections;
  for (const { names, path } of deploymentVariables) {
    // An empty variable is one that is not set.
    const value = names.map((name) => environment[name]).find(Boolean);
    if (value === undefined) continue;
    const [first, field] = path;
    if (field === undefined) given[first] = value;
    else Object.assign(sections[first as keyof typeof sections], { [field]: value });
  }
  return checkedDeployment(given);
}

/**
 * A deployment that another process handed over.
 * @throws DomainError ConfigInvalid naming the variable of each value that is wrong.
 */
export function checkedDeployment(value: unknown): Deployment {
  const parsed = DeploymentSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map(({ path, message }) => `${variableAt(path)}: ${message}`);
  throw new DomainError(
    'ConfigInvalid',
    `The environment does not describe a deployment:\n${problems.join('\n')}`,
  );
}

/** The variables that another process reads this deployment from; keys among them when `secrets`. */
export function environmentOf(deployment: Deployment, secrets: boolean): Environment {
  const environment: Record<string, string> = {};
  for (const { names, path, secret } of deploymentVariables) {
    const value = valueAt({ ...deployment, home: resolve(deployment.home) }, path);
    if (value === undefined || (secret && !secrets)) continue;
    environment[names[0]] = String(value);
  }
  // Empty where there is none, so that another process does not add one of its own environment to these keys.
  if (environment.AWS_ACCESS_KEY_ID !== undefined) environment.AWS_SESSION_TOKEN ??= '';
  return environment;
}

function valueAt(deployment: Deployment, path: readonly string[]): unknown {
  return path.reduce<unknown>(
    (value, field) => (value as Readonly<Record<string, unknown>>)[field],
    deployment,
  );
}

function variableAt(path: readonly PropertyKey[]): string {
  const place = path.join('.');
  return (
    deploymentVariables.find((variable) => variable.path.join('.') === place)?.names[0] ??
    (place || 'deployment')
  );
}
