/**
 * Which folder may import which (docs/architecture.md, the house): dependencies point one way. Tests may reach anywhere.
 * @type {import('dependency-cruiser').IConfiguration}
 */
const TESTS = '(\\.test\\.ts$|^test/|^bench/|^examples/)';
const PROJECT_FOLDERS =
  '^(activities|bench|cli|contracts|datasets|decisions|ground|imaging|method|metrics|recorded|report|runtime|storage|workers|workflows)/';

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
    onlyImports('storage', ['ground']),
    onlyImports('runtime', ['contracts', 'ground', 'recorded']),
    onlyImports('report', ['contracts', 'datasets', 'ground', 'imaging', 'metrics', 'storage']),
    onlyImports('workflows', ['contracts', 'decisions', 'ground'], { exceptTypes: true }),
    onlyImports('activities', [
      'contracts',
      'datasets',
      'decisions',
      'ground',
      'imaging',
      'method',
      'metrics',
      'report',
      'storage',
    ]),
    onlyImports('workers', ['activities', 'contracts', 'ground', 'runtime', 'storage', 'workflows']),
    {
      name: 'nothing-imports-cli',
      severity: 'error',
      comment: 'cli/ is where everything is put together; nothing builds on it',
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
        'a workflow runs in a sandbox: of outside packages only the SDK, no Node built-ins, no configuration',
      from: { path: '^workflows/', pathNot: TESTS },
      to: {
        path: '.',
        pathNot: [PROJECT_FOLDERS, 'node_modules/@temporalio/(workflow|common)/'],
        dependencyTypesNot: ['type-only'],
      },
    },
    {
      name: 'ground-contracts-and-decisions-need-no-packages-but-schemas',
      severity: 'error',
      from: { path: '^(ground|contracts|decisions)/', pathNot: TESTS },
      to: {
        path: '.',
        pathNot: ['^(ground|contracts|decisions)/', 'node_modules/zod/'],
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
