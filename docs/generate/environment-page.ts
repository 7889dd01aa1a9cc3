/** docs/reference/environment.md: every environment variable, those of a deployment out of its table and schema. */
import { DeploymentSchema, deploymentVariables } from '../../runtime/deployment.ts';
import { nativeEnvironment } from '../../runtime/native-environment.ts';
import { GENERATED, tableOf } from './markdown.ts';
import { sectionsOf } from './schema-fields.ts';

const introduction = `# Environment variables

Addresses, secrets and limits of a machine come from the environment, secrets from nowhere else. An empty variable is
one that is not set. What is wrong is refused at the start, all of it in one message.`;

/** Read where they are used: they are no part of a deployment. */
const others = [
  [
    'ECHOLOOP_CACHE',
    "folder of downloads and builds; else `echoloop` in XDG_CACHE_HOME or the user's `~/.cache`",
  ],
  ['ECHOLOOP_EAGER', '`1` runs steps operation by operation instead of recorded'],
  ['ECHOLOOP_FFMPEG', 'the program that decodes and writes films; `ffmpeg` on the PATH when left out'],
  ['ECHOLOOP_LOG_LEVEL', 'of workers: `info` when left out; `debug`, `warn`, `error`'],
  ['CXX', 'the C++ compiler that set-up builds the binding to TensorFlow with; `c++` when left out'],
  [
    'PYTHON',
    'of `bench metrics` and tests alone: a Python with scipy and scikit-image, or pydicom and highdicom, to compare with',
  ],
  ['GOLDEN_DIR', 'of the tests alone: another folder of golden vectors'],
  ['TEMPORAL_BINARY', 'of the tests alone: the Temporal command that their servers are of'],
  ['RECORD_HISTORIES', 'of the tests alone: `1` records histories of workflows for the replay'],
] as const;

const meaningOfNative: Readonly<Record<string, string>> = {
  TF_CPP_MIN_LOG_LEVEL: 'what of its own log TensorFlow leaves out',
  TF_FORCE_GPU_ALLOW_GROWTH: 'the memory of a GPU is taken as it is needed, not all at once',
  TF_DETERMINISTIC_OPS: 'operations give the same bits every time',
  TF_CUDNN_DETERMINISTIC: "likewise cuDNN's",
  NVIDIA_TF32_OVERRIDE: 'whole float32; `1` lets tensor cores round factors to ten bits',
};

export function environmentPage(): string {
  const fields = new Map(
    sectionsOf(DeploymentSchema)
      .flatMap((section) => section.fields)
      .map((field) => [field.path, field]),
  );
  const ofDeployment = deploymentVariables.map(({ names: [name, ...older], path, secret }) => {
    const { type, fallback, meaning } = fields.get(path.join('.'))!;
    const alias = older.length > 0 ? `; also read from ${older.join(', ')}` : '';
    const hidden = secret ? 'secret; ' : '';
    return [
      `\`${name}\``,
      type,
      fallback === undefined ? '' : `\`${JSON.parse(fallback)}\``,
      `${hidden}${meaning}${alias}`,
    ];
  });
  const native = Object.entries(nativeEnvironment).map(([name, value]) => [
    `\`${name}\``,
    `\`${value}\``,
    meaningOfNative[name] ?? '',
  ]);
  const parts = [
    introduction,
    '## The deployment',
    tableOf(['variable', 'type', 'default', 'meaning'], ofDeployment),
    `Without a key the AWS SDK's own chain finds credentials (a profile, single sign-on, a web identity token, the role of a
container or an instance) by the variables that it documents, such as AWS_PROFILE; the address of the store must be
named then.`,
    '## Others',
    tableOf(
      ['variable', 'meaning'],
      others.map(([name, meaning]) => [`\`${name}\``, meaning]),
    ),
    '## TensorFlow and CUDA',
    'Set for the tensor process where the environment does not set them; every process of one run needs the same.',
    tableOf(['variable', 'set to', 'meaning'], native),
    `TF_NUM_INTRAOP_THREADS, TF_NUM_INTEROP_THREADS and OMP_NUM_THREADS follow from ECHOLOOP_COMPUTE_THREADS and are
overwritten.`,
  ];
  return `${GENERATED}\n\n${parts.join('\n\n')}\n`;
}
