/**
 * Which folder may import which (docs/architecture.md, the house): dependencies point one way. Tests may reach
 * anywhere.
 * @type {import('dependency-cruiser').IConfiguration}
 */
const TESTS = '(\\.(test|fixture)\\.ts$|^test/|^bench/|^examples/)';
const CONFIGURATION = '^temporal\\.config\\.ts$';
const PROJECT_FOLDERS =
  '^(activities|app|bench|cli|comparison|contracts|datasets|decisions|exports|ground|imaging|method|metrics|recorded|report|runtime|storage|workers|workflows)/';

/** A folder that imports, of the project's own, only the folders named; outside packages are another rule's matter. */
function onlyImports(folder, allowed, { exceptTypes = false, also = [] } = {}) {
  return {
    name: `${folder}-imports-${allowed.length > 0 ? `only-${allowed.join('-')}` : 'nothing'}`,
    severity: 'error',
    comment: `${folder}/ may import ${[...allowed, folder].join(', ')}${exceptTypes ? ', and types from anywhere' : ''}`,
    from: { path: `^${folder}/`, pathNot: TESTS },
    to: {
      path: PROJECT_FOLDERS,
      pathNot: [`^(${[folder, ...allowed].join('|')})/`, ...also],
      ...(exceptTypes && { dependencyTypesNot: ['type-only'] }),
    },
  };
}

/**
 * A folder inside a room that imports, of its room, only the folders and the files on top that are named: the order in
 * which the room is built up.
 */
function innerFolder(room, folder, allowed, files = []) {
  const names = [...allowed, ...files];
  const open = [folder, ...allowed].map((name) => `^${room}/${name}/`);
  return {
    name: `${room}-${folder.replaceAll('/', '-')}-imports-${names.length > 0 ? `only-${names.join('-')}` : 'no-neighbour'}`,
    severity: 'error',
    comment: `${room}/${folder}/ may import, of ${room}/, ${[folder, ...names].join(', ')}`,
    from: { path: `^${room}/${folder}/`, pathNot: TESTS },
    to: { path: `^${room}/`, pathNot: [...open, ...files.map((file) => `^${room}/${file}\\.(ts|mjs)$`)] },
  };
}

/** Files on top of app/ that its use cases share. */
const APP_GROUND = [
  'connections',
  'did-you-mean',
  'file-problem',
  'named-paths',
  'temporal-problem',
  'video-name',
];

/** Those of formats: what holds for several of them lies in files of its own. */
const READERS = '^datasets/(dicom/read-dicom|film|metaimage|nifti|pictures)\\.ts$';

module.exports = {
  forbidden: [
    onlyImports('ground', []),
    onlyImports('contracts', ['ground']),
    onlyImports('decisions', ['contracts', 'ground']),
    onlyImports('recorded', []),
    onlyImports('imaging', ['ground']),
    onlyImports('metrics', ['ground', 'imaging']),
    onlyImports('datasets', ['contracts', 'ground', 'imaging', 'metrics']),
    onlyImports('method', ['contracts', 'ground', 'imaging', 'metrics', 'recorded']),
    innerFolder('method', 'networks', []),
    innerFolder('method', 'networks/kernels', []),
    innerFolder('method', 'training', ['networks']),
    innerFolder('method', 'windows', ['networks']),
    innerFolder('method', 'augmentation', ['networks', 'windows']),
    innerFolder('method', 'pretraining', ['networks', 'training', 'windows', 'augmentation']),
    innerFolder('method', 'rewards', ['networks', 'training', 'windows']),
    innerFolder('method', 'rewards/shape-autoencoder', ['networks', 'training']),
    innerFolder('method', 'ppo', ['networks', 'training', 'windows', 'augmentation', 'rewards']),
    innerFolder('method', 'scale-out', ['networks']),
    innerFolder('method', 'shapes', ['networks']),
    innerFolder('method', 'inference', ['networks', 'windows', 'rewards', 'ppo', 'shapes']),
    innerFolder('datasets', 'phantom', []),
    innerFolder(
      'datasets',
      'dicom',
      [],
      ['given-geometry', 'grey-scaling', 'keyed-hash', 'limits', 'luma', 'refusal', 'sector', 'video-facts'],
    ),
    {
      name: 'readers-do-not-import-each-other',
      severity: 'error',
      comment: 'datasets/read-video.ts and read-mask.ts know the readers; a reader knows its format',
      from: { path: [READERS, '^datasets/dicom/'], pathNot: TESTS },
      to: { path: READERS },
    },
    {
      name: 'planning-reads-no-video',
      severity: 'error',
      comment: 'what a folder holds is told by names and tables; the readers come after it',
      from: { path: '^datasets/collections/', pathNot: TESTS },
      to: { path: [READERS, '^datasets/dicom/'], dependencyTypesNot: ['type-only'] },
    },
    onlyImports('storage', ['ground']),
    {
      name: 'storage-works-by-its-interface',
      severity: 'error',
      comment: 'artefacts, manifests and champions work on any ObjectStore; open-store.ts alone chooses S3',
      from: { path: '^storage/', pathNot: ['^storage/(s3-[^/]+|open-store)\\.ts$', TESTS] },
      to: { path: ['^storage/s3-', 'node_modules/@(aws-sdk|smithy)/'] },
    },
    {
      name: 'the-interface-of-stores-stands-alone',
      severity: 'error',
      from: { path: '^storage/store\\.ts$' },
      to: { path: '.' },
    },
    onlyImports('runtime', ['contracts', 'ground', 'recorded', 'storage']),
    innerFolder('runtime', 'provision', [], ['deployment', 'file-lock', 'installation']),
    innerFolder(
      'runtime',
      'services',
      ['provision'],
      ['deployment', 'file-lock', 'live-workers', 'process-identity', 'supervisor', 'temporal-connection'],
    ),
    onlyImports('report', ['contracts', 'datasets', 'ground', 'imaging', 'metrics', 'storage']),
    onlyImports('exports', ['datasets', 'ground', 'imaging', 'method', 'metrics', 'report']),
    innerFolder('exports', 'measures', [], ['csv']),
    innerFolder('exports', 'dicom', []),
    innerFolder('exports', 'onnx', []),
    innerFolder('exports', 'nnunet', []),
    onlyImports('comparison', [
      'contracts',
      'datasets',
      'ground',
      'imaging',
      'method',
      'metrics',
      'recorded',
      'report',
    ]),
    innerFolder('comparison', 'table', []),
    onlyImports('workflows', ['contracts', 'decisions', 'ground'], { exceptTypes: true }),
    onlyImports(
      'activities',
      [
        'comparison',
        'contracts',
        'datasets',
        'decisions',
        'ground',
        'imaging',
        'method',
        'metrics',
        'report',
        'storage',
      ],
      { also: ['^runtime/scratch-folder\\.ts$'] },
    ),
    innerFolder('activities', 'artefacts', [], ['context']),
    innerFolder('activities', 'evaluation', ['artefacts', 'videos'], ['context']),
    innerFolder('activities', 'videos', ['artefacts'], ['context']),
    innerFolder('activities', 'comparison', ['artefacts', 'evaluation', 'training', 'videos'], ['context']),
    innerFolder('activities', 'training', ['artefacts'], ['context']),
    innerFolder('activities', 'rewards', ['artefacts', 'training', 'videos'], ['context']),
    innerFolder('activities', 'fine-tuning', ['artefacts', 'rewards', 'training', 'videos'], ['context']),
    innerFolder('activities', 'pretraining', ['artefacts', 'training', 'videos'], ['context']),
    innerFolder(
      'activities',
      'rounds',
      ['artefacts', 'fine-tuning', 'pretraining', 'rewards', 'training', 'videos'],
      ['context'],
    ),
    {
      name: 'stages-do-not-import-each-other',
      severity: 'error',
      comment: 'a stage is one activity; what two of them share lies in a folder below',
      from: { path: '^activities/[^/]+\\.ts$', pathNot: ['^activities/(compute|io)\\.ts$', TESTS] },
      to: { path: '^activities/[^/]+\\.ts$', pathNot: '^activities/context\\.ts$' },
    },
    onlyImports('workers', ['activities', 'contracts', 'ground', 'runtime', 'storage', 'workflows']),
    onlyImports('app', [
      'contracts',
      'datasets',
      'exports',
      'ground',
      'imaging',
      'method',
      'metrics',
      'report',
      'runtime',
      'storage',
    ]),
    innerFolder('app', 'datasets', ['media'], APP_GROUND),
    innerFolder('app', 'evaluation', [], APP_GROUND),
    innerFolder('app', 'comparison', ['datasets', 'runs'], APP_GROUND),
    innerFolder('app', 'media', [], APP_GROUND),
    // Networks are found by the name of a model, and models are exported as networks: the two know each other.
    innerFolder('app', 'segmentation', ['datasets', 'media', 'models'], APP_GROUND),
    innerFolder('app', 'models', ['segmentation'], APP_GROUND),
    innerFolder('app', 'runs', ['datasets'], APP_GROUND),
    innerFolder('app', 'quickstart', ['datasets', 'segmentation'], APP_GROUND),
    onlyImports('cli', [
      'app',
      'contracts',
      'datasets',
      'ground',
      'method',
      'metrics',
      'report',
      'runtime',
      'storage',
      'workers',
    ]),
    {
      name: 'app-knows-no-terminal',
      severity: 'error',
      comment: 'app/ is what a program calls; words for a terminal and ends of the process are for cli/',
      from: { path: '^app/', pathNot: TESTS },
      to: { path: '(node_modules/commander/|^(node:)?(process|readline|tty)$)' },
    },
    {
      name: 'nothing-imports-cli',
      severity: 'error',
      comment: 'cli/ is commands and terminal; what they do lies in app/, and nothing builds on the commands',
      from: { pathNot: ['^cli/', TESTS] },
      to: { path: '^cli/' },
    },
    {
      name: 'cli-starts-workers-by-their-entry',
      severity: 'error',
      comment: '`echoloop worker` is the one command that runs a worker; the rest of workers/ is its own',
      from: { path: '^cli/', pathNot: TESTS },
      to: { path: '^workers/', pathNot: '^workers/run\\.ts$' },
    },
    {
      name: 'domain-knows-no-services',
      severity: 'error',
      comment:
        'imaging, metrics, method, recorded, datasets and exports know nothing of Temporal, S3, the configuration or processes',
      from: { path: '^(comparison|imaging|metrics|method|recorded|datasets|exports)/', pathNot: TESTS },
      to: {
        path: '(^temporal\\.config\\.ts$|node_modules/@temporalio/|node_modules/@aws-sdk/|^(node:)?(child_process|process|net|http)$)',
      },
    },
    {
      name: 'no-tensors-in-imaging-and-metrics',
      severity: 'error',
      comment: 'images, metrics and exports are typed arrays',
      from: { path: '^(imaging|metrics|contracts|decisions|ground|exports)/', pathNot: TESTS },
      to: { path: 'node_modules/@tensorflow/' },
    },
    {
      name: 'method-uses-the-tensor-core-alone',
      severity: 'error',
      comment: 'a back end is registered by runtime/tensors.ts',
      from: { path: '^(method|activities|recorded|comparison)/', pathNot: TESTS },
      to: { path: 'node_modules/@tensorflow/', pathNot: 'node_modules/@tensorflow/tfjs-core/' },
    },
    {
      name: 'workflows-are-deterministic',
      severity: 'error',
      comment:
        'a workflow runs in a sandbox: of outside packages only the SDK, no Node built-ins; of temporal.config.ts its plain data',
      from: { path: '^workflows/', pathNot: TESTS },
      to: {
        path: '.',
        pathNot: [PROJECT_FOLDERS, CONFIGURATION, 'node_modules/@temporalio/(workflow|common)/'],
        dependencyTypesNot: ['type-only'],
      },
    },
    {
      name: 'ground-and-contracts-need-no-packages-but-schemas',
      severity: 'error',
      from: { path: '^(ground|contracts)/', pathNot: TESTS },
      to: {
        path: '.',
        pathNot: ['^(ground|contracts)/', 'node_modules/zod/'],
        dependencyTypesNot: ['type-only'],
      },
    },
    {
      name: 'decisions-need-no-packages',
      severity: 'error',
      from: { path: '^decisions/', pathNot: TESTS },
      to: {
        path: '.',
        pathNot: ['^(ground|decisions)/', CONFIGURATION],
        dependencyTypesNot: ['type-only'],
      },
    },
    {
      name: 'the-configuration-is-plain-data',
      severity: 'error',
      comment: 'workflows read it: neither schemas nor anything of Node may come with it',
      from: { path: CONFIGURATION },
      to: { path: '.', pathNot: ['^ground/errors\\.ts$'] },
    },
    {
      name: 'workflows-import-types-alone-of-schemas',
      severity: 'error',
      comment: 'schemas need zod, which is not for the sandbox',
      from: { path: '^(workflows|decisions)/', pathNot: TESTS },
      to: {
        path: '^contracts/',
        pathNot: ['^contracts/(names|task-queues)\\.ts$'],
        dependencyTypesNot: ['type-only'],
      },
    },
    {
      name: 'nothing-that-ships-imports-tests',
      severity: 'error',
      from: { pathNot: TESTS },
      to: { path: TESTS },
    },
    {
      name: 'no-cycles',
      severity: 'error',
      from: { pathNot: TESTS },
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    { name: 'every-import-resolves', severity: 'error', from: {}, to: { couldNotResolve: true } },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '(^\\.echoloop/|^coverage/)' },
    // Keeps type-only imports apart from those that exist when the code runs.
    tsPreCompilationDeps: 'specify',
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default', 'types'],
      extensions: ['.ts', '.mjs', '.cjs', '.js', '.json'],
    },
  },
};
