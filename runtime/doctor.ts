/**
 * What `echoloop doctor` looks at: versions, tensors and their speed, services, disk and memory, and how to get what
 * is missing.
 */
import { existsSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { arch, availableParallelism, cpus, freemem, platform, release, totalmem } from 'node:os';
import { dirname, resolve } from 'node:path';
import { z } from 'zod';
import { bucketExists } from '../storage/s3-bucket.ts';
import type { Deployment } from './deployment.ts';
import { findBinary, type ServiceBinary } from './provision/binaries.ts';
import { cacheFolder } from './provision/cache-folder.ts';
import {
  findGo,
  findPythonWithPip,
  hasCompiler,
  hasNvidiaDriver,
  missingCompiler,
  missingGo,
  missingPython,
} from './provision/machine.ts';
import { s3Binary } from './provision/s3.ts';
import { temporalBinary } from './provision/temporal.ts';
import { liveRecord } from './service-record.ts';
import { askForWorkers, askTemporal } from './services/temporal-server.ts';
import { measureSpeed, type Speed, SpeedSchema } from './speed.ts';

const ServiceSchema = z.strictObject({
  /**
   * `environment`: the address is yours; `embedded`: `echoloop up` runs it; `none`: nothing is named and nothing
   * runs.
   */
  source: z.enum(['environment', 'embedded', 'none']),
  address: z.string().optional(),
  reachable: z.boolean(),
  detail: z.string(),
  /** Binary that `echoloop up` would start. */
  binary: z.strictObject({ path: z.string(), origin: z.enum(['PATH', 'cache']) }).optional(),
});

export const DoctorReportSchema = z.strictObject({
  ok: z.boolean(),
  node: z.strictObject({ version: z.string(), supported: z.boolean() }),
  system: z.strictObject({
    platform: z.string(),
    arch: z.string(),
    release: z.string(),
    processor: z.string(),
    threads: z.number(),
  }),
  memory: z.strictObject({ totalBytes: z.number(), freeBytes: z.number() }),
  disk: z.array(z.strictObject({ what: z.string(), path: z.string(), freeBytes: z.number() })),
  tensors: z.strictObject({
    chosen: SpeedSchema.optional(),
    wasm: SpeedSchema.optional(),
    /** Forward and backward, chosen over WebAssembly. */
    timesWasm: z.number().optional(),
    nvidiaDriver: z.boolean(),
    detail: z.string(),
  }),
  temporal: ServiceSchema,
  s3: ServiceSchema,
  /** Those that asked Temporal for work within the last minutes. A worker that takes itself out is not among them. */
  workers: z.array(
    z.strictObject({
      role: z.enum(['control', 'io', 'compute']),
      version: z.string(),
      where: z.string(),
      tensors: z.string().optional(),
    }),
  ),
  tools: z.strictObject({ python: z.boolean(), compiler: z.boolean(), go: z.boolean() }),
  /** What is missing or wrong, each with what to do about it. `severity` of `error` makes `ok` false. */
  problems: z.array(
    z.strictObject({ severity: z.enum(['error', 'warning']), what: z.string(), remedy: z.string() }),
  ),
});
export type DoctorReport = z.infer<typeof DoctorReportSchema>;
type Problem = DoctorReport['problems'][number];
type Service = z.infer<typeof ServiceSchema>;

const OLDEST_NODE = [20, 19] as const;
const LITTLE_DISK_BYTES = 5e9;
const LITTLE_MEMORY_BYTES = 6e9;

async function freeBytes(path: string): Promise<number> {
  let existing = resolve(path);
  while (!existsSync(existing)) existing = dirname(existing);
  const { bavail, bsize } = await statfs(existing);
  return bavail * bsize;
}

async function inspectTensors(deployment: Deployment, problems: Problem[]): Promise<DoctorReport['tensors']> {
  const nvidiaDriver = hasNvidiaDriver();
  let chosen: Speed;
  try {
    chosen = await measureSpeed({ threads: deployment.computeThreads });
  } catch (error) {
    const detail = (error as Error).message;
    problems.push({
      severity: 'error',
      what: `no tensor back end works: ${detail}`,
      remedy: 'run `npx echoloop setup` and read its lines',
    });
    return { nvidiaDriver, detail };
  }
  if (chosen.backend === 'wasm') {
    problems.push({
      severity: deployment.requireGpu ? 'error' : 'warning',
      what: `tensors run in WebAssembly, which is too slow to train with: ${chosen.why}`,
      remedy: 'install what is named there and run `npx echoloop setup`',
    });
    return { chosen, wasm: chosen, timesWasm: 1, nvidiaDriver, detail: chosen.why };
  }
  if (chosen.backend !== 'native-gpu' && (deployment.requireGpu || nvidiaDriver)) {
    problems.push({
      severity: deployment.requireGpu ? 'error' : 'warning',
      what: `no GPU is used: ${chosen.why}`,
      remedy:
        'run `npx echoloop setup` on this machine, which gets the CUDA libraries where the driver is loaded; unset ECHOLOOP_REQUIRE_GPU to go on without',
    });
  }
  // The comparison is a courtesy; a machine where WebAssembly fails is no worse off.
  const wasm = await measureSpeed({ prefer: 'wasm', threads: deployment.computeThreads }).catch(
    () => undefined,
  );
  if (!wasm) return { chosen, nvidiaDriver, detail: chosen.why };
  return {
    chosen,
    wasm,
    timesWasm: chosen.forwardBackwardGflops / wasm.forwardBackwardGflops,
    nvidiaDriver,
    detail: chosen.why,
  };
}

interface ServiceQuestion {
  readonly what: string;
  readonly named: string | undefined;
  readonly running: string | undefined;
  readonly binary: ServiceBinary;
  /** Asks the service; its answer is for people. */
  readonly ask: (address: string) => Promise<string>;
}

async function inspectService(question: ServiceQuestion, problems: Problem[]): Promise<Service> {
  const { what, named, running, binary } = question;
  const found = await findBinary(binary, cacheFolder());
  const address = named ?? running;
  const source = named ? 'environment' : running ? 'embedded' : 'none';
  const common = { source, ...(address && { address }), ...(found && { binary: { ...found } }) } as const;
  if (!address) {
    if (!found) {
      problems.push({
        severity: 'warning',
        what: `${what}: no address in ${binary.addressVariable}, none runs here, and there is no ${binary.name} binary to start one`,
        remedy: 'run `npx echoloop setup`, which gets or builds it',
      });
    }
    return {
      ...common,
      reachable: false,
      detail: found ? 'not running; `echoloop up` starts it' : 'not installed',
    };
  }
  try {
    return { ...common, reachable: true, detail: await question.ask(address) };
  } catch (error) {
    const detail = (error as Error).message.split('\n')[0]!;
    const remedy = named
      ? `check ${binary.addressVariable}, and that the service runs and this machine may reach it`
      : 'restart it with `echoloop down` and `echoloop up`; its log is in the home folder';
    problems.push({ severity: 'error', what: `${what} at ${address} does not answer: ${detail}`, remedy });
    return { ...common, reachable: false, detail };
  }
}

async function askS3(s3: Deployment['s3'], endpoint: string): Promise<string> {
  return (await bucketExists({ ...s3, endpoint }))
    ? `bucket ${s3.bucket} is there`
    : `answers; bucket ${s3.bucket} does not exist yet`;
}

async function inspectWorkers({ temporal }: Deployment, address: string): Promise<DoctorReport['workers']> {
  // Keys that may not ask after a queue may be good for everything else.
  const workers = await askForWorkers({ ...temporal, address }).catch(() => []);
  return workers.map(({ role, version, where, tensors }) => ({ role, version, where, tensors }));
}

async function inspectTools(tensorsAreNative: boolean, problems: Problem[]): Promise<DoctorReport['tools']> {
  const [python, compiler, go] = await Promise.all([findPythonWithPip(), hasCompiler(), findGo()]);
  const lacking = [!python && missingPython, !compiler && missingCompiler].filter((tool) => tool !== false);
  // Both serve the set-up of native TensorFlow alone: once that is there, they are not needed.
  if (!tensorsAreNative) problems.push(...lacking.map((tool) => ({ severity: 'warning' as const, ...tool })));
  return { python: python !== undefined, compiler, go: go !== undefined };
}

/**
 * Looks at this machine and the deployment. Takes some seconds: it measures. Never throws for what it finds; that is
 * in `problems`.
 * @param deployment as connectedDeployment gives it, so that embedded services are found
 */
export async function inspect(deployment: Deployment): Promise<DoctorReport> {
  const problems: Problem[] = [];
  const record = await liveRecord(resolve(deployment.home));
  const embedded = record?.environment ?? {};
  const namedUnlessEmbedded = (address: string | undefined, own: string | undefined): string | undefined =>
    address === own ? undefined : address;
  const tensors = await inspectTensors(deployment, problems);
  const [temporal, s3, tools] = await Promise.all([
    inspectService(
      {
        what: 'Temporal',
        named: namedUnlessEmbedded(deployment.temporal.address, embedded.TEMPORAL_ADDRESS),
        running: embedded.TEMPORAL_ADDRESS,
        binary: temporalBinary,
        ask: async (address) => `server ${await askTemporal({ ...deployment.temporal, address })}`,
      },
      problems,
    ),
    inspectService(
      {
        what: 'S3',
        named: namedUnlessEmbedded(deployment.s3.endpoint, embedded.ECHOLOOP_S3_ENDPOINT),
        running: embedded.ECHOLOOP_S3_ENDPOINT,
        binary: s3Binary,
        ask: (endpoint) => askS3(deployment.s3, endpoint),
      },
      problems,
    ),
    inspectTools(tensors.chosen !== undefined && tensors.chosen.backend !== 'wasm', problems),
  ]);
  const workers = temporal.reachable ? await inspectWorkers(deployment, temporal.address!) : [];
  if (!tools.go && (!temporal.binary || !s3.binary)) problems.push({ severity: 'warning', ...missingGo });

  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const supported = major > OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor >= OLDEST_NODE[1]);
  if (!supported) {
    problems.push({
      severity: 'error',
      what: `Node.js ${process.versions.node} is too old`,
      remedy: `install Node.js ${OLDEST_NODE.join('.')} or newer`,
    });
  }

  const disk = [];
  for (const [what, path] of [
    ['data', deployment.home],
    ['downloads and builds', cacheFolder()],
  ] as const) {
    const free = await freeBytes(path);
    disk.push({ what, path: resolve(path), freeBytes: free });
    if (free < LITTLE_DISK_BYTES) {
      problems.push({
        severity: 'warning',
        what: `${resolve(path)} (${what}) has only ${(free / 1e9).toFixed(1)} GB free`,
        remedy: 'free some, or set ECHOLOOP_HOME or ECHOLOOP_CACHE to a larger disk',
      });
    }
  }
  if (totalmem() < LITTLE_MEMORY_BYTES) {
    problems.push({
      severity: 'warning',
      what: `this machine has ${(totalmem() / 1e9).toFixed(1)} GB of memory`,
      remedy: 'use the tiny preset; larger networks need more',
    });
  }
  return {
    ok: problems.every(({ severity }) => severity !== 'error'),
    node: { version: process.versions.node, supported },
    system: {
      platform: platform(),
      arch: arch(),
      release: release(),
      processor: cpus()[0]?.model ?? 'unknown',
      threads: availableParallelism(),
    },
    memory: { totalBytes: totalmem(), freeBytes: freemem() },
    disk,
    tensors,
    temporal,
    s3,
    workers,
    tools,
    problems,
  };
}
