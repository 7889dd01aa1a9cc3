/**
 * Which folder may import which (docs/architecture.md, the house): dependencies point one way. Tests may reach anywhere.
 * @type {import('dependency-cruiser').IConfiguration}
 */
const TESTS = '(\\.test\\.ts$|^test/|^bench/|^examples/)';
const CONFIGURATION = '^temporal\\.config\\.ts$';
const PROJECT_FOLDERS =
  '^(activities|app|bench|cli|contracts|datasets|decisions|ground|imaging|method|metrics|recorded|report|runtime|storage|workers|workflows)/';

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

/** A folder of method/ that imports, of method/, only the folders named: the order in which the method is built up. */
function methodFolder(folder, allowed) {
  return {
    name: `method-${folder.replaceAll('/', '-')}-imports-${allowed.length > 0 ? `only-${allowed.join('-')}` : 'no-neighbour'}`,
    severity: 'error',
    comment: `method/${folder}/ may import, of method/, ${[...allowed, folder].join(', ')}`,
    from: { path: `^method/${folder}/`, pathNot: TESTS },
    to: { path: '^method/', pathNot: `^method/(${[folder, ...allowed].join('|')})/` },
  };
}

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
    methodFolder('networks', []),
    methodFolder('networks/kernels', []),
    methodFolder('training', ['networks']),
    methodFolder('windows', ['networks']),
    methodFolder('augmentation', []),
    methodFolder('pretraining', ['networks', 'training', 'windows', 'augmentation']),
    methodFolder('rewards', ['networks', 'training', 'windows']),
    methodFolder('rewards/shape-autoencoder', ['networks', 'training']),
    methodFolder('ppo', ['networks', 'training', 'windows', 'rewards']),
    methodFolder('scale-out', ['networks']),
    methodFolder('inference', ['networks', 'windows', 'rewards', 'ppo']),
    onlyImports('storage', ['ground']),
    onlyImports('runtime', ['contracts', 'ground', 'recorded', 'storage']),
    onlyImports('report', ['contracts', 'datasets', 'ground', 'imaging', 'metrics', 'storage']),
    onlyImports('workflows', ['contracts', 'decisions', 'ground'], { exceptTypes: true }),
    onlyImports(
      'activities',
      ['contracts', 'datasets', 'decisions', 'ground', 'imaging', 'method', 'metrics', 'report', 'storage'],
      { also: ['^runtime/scratch-folder\\.ts$'] },
    ),
    onlyImports('workers', ['activities', 'contracts', 'ground', 'runtime', 'storage', 'workflows']),
    onlyImports('app', [
      'contracts',
      'datasets',
      'ground',
      'imaging',
      'method',
      'metrics',
      'report',
      'runtime',
      'storage',
    ]),
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
        'imaging, metrics, method, recorded and datasets know nothing of Temporal, S3, the configuration or processes',
      from: { path: '^(imaging|metrics|method|recorded|datasets)/', pathNot: TESTS },
      to: {
        path: '(^temporal\\.config\\.ts$|node_modules/@temporalio/|node_modules/@aws-sdk/|^(node:)?(child_process|process|net|http)$)',
      },
    },
    {
      name: 'no-tensors-in-imaging-and-metrics',
      severity: 'error',
      comment: 'images and metrics are typed arrays',
      from: { path: '^(imaging|metrics|contracts|decisions|ground)/', pathNot: TESTS },
      to: { path: 'node_modules/@tensorflow/' },
    },
    {
      name: 'method-uses-the-tensor-core-alone',
      severity: 'error',
      comment: 'a back end is registered by runtime/tensors.ts',
      from: { path: '^(method|activities|recorded)/', pathNot: TESTS },
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
