/** `echoloop models`: the champions, their history and where they come from. */
import type { Command } from 'commander';
import { type ExportFormat, exportFormats } from '../../app/models/export-formats.ts';
import type { Champion } from '../../storage/champion.ts';
import { defineCommand, defineGroup, nameOf, oneOf, wholeNumber } from '../command.ts';
import { openTerminal } from '../terminal.ts';
import { textTable } from '../text/text-table.ts';

interface Json {
  readonly json?: boolean;
}

export function modelsCommand(): Command {
  const group = defineGroup(
    'models',
    'Look at models, promote a policy of a run, go back to the champion before, or export a network.',
    'echoloop models list\necholoop models promote a4c-hospital --run target-20260131-235959',
  );
  group.addCommand(
    defineCommand('list', 'List the models with their champions.', 'echoloop models list').action(list),
  );
  group.addCommand(
    defineCommand(
      'show',
      'Show a model: its champion, the champions before, and what the champion was made from.',
      'echoloop models show a4c-hospital',
    )
      .argument('<name>', 'of the model', nameOf('model'))
      .action(show),
  );
  group.addCommand(
    defineCommand(
      'promote',
      'Make a policy of a run the champion, without the gate.',
      'echoloop models promote a4c-hospital --run target-20260131-235959',
    )
      .argument('<name>', 'of the model', nameOf('model'))
      .requiredOption('--run <run>', 'the run that made the policy', nameOf('run'))
      .option('--iteration <n>', 'which of its policies; the one the run chose when left out', wholeNumber(0))
      .action(promote),
  );
  group.addCommand(
    defineCommand(
      'rollback',
      'Go back to the champion before the present one.',
      'echoloop models rollback a4c-hospital',
    )
      .argument('<name>', 'of the model', nameOf('model'))
      .action(rollback),
  );
  group.addCommand(
    defineCommand(
      'export <name|file>',
      "Write the policy of a model, or any checkpoint file, as a state dict for PyTorch (Python: safetensors.torch.load_file), with the published parameters' names, or as an ONNX graph.",
      'echoloop models export a4c-hospital --out actor.safetensors\necholoop models export policy.safetensors --format onnx --out policy.onnx',
    )
      .requiredOption('--out <file>', 'the file to write')
      .option(
        '--format <format>',
        'safetensors (PyTorch), onnx, or the shapes of a model in the store for segment --shapes',
        oneOf(exportFormats),
        'safetensors',
      )
      .action(exportWeights),
  );
  return group;
}

async function openModels() {
  const { currentDeployment, storeOf } = await import('../../app/connections.ts');
  const champions = await import('../../app/models/champion.ts');
  return { store: storeOf(await currentDeployment()), ...champions };
}

function line({ model, run, iteration, policy, reward, sequence, reason }: Champion): string[] {
  return [
    model,
    String(sequence),
    run === undefined ? 'imported' : `${run}, iteration ${iteration}`,
    reward === undefined ? '-' : reward.toFixed(4),
    policy.sha256.slice(0, 12),
    reason,
  ];
}

const head = ['model', 'entry', 'made by', 'reward', 'SHA-256', 'why'];

async function list(options: Json): Promise<void> {
  const terminal = openTerminal(options.json === true);
  const { store, listModels } = await openModels();
  const models = await listModels(store);
  terminal.printJson({ models });
  terminal.print(
    models.length === 0
      ? 'There is no model yet. Make one: npx echoloop models promote --help'
      : textTable(head, models.map(line)),
  );
}

async function show(name: string, options: Json): Promise<void> {
  const terminal = openTerminal(options.json === true);
  const { lineageOf } = await import('../../storage/lineage.ts');
  const { readHistory } = await import('../../storage/champions.ts');
  const { store, requireChampion } = await openModels();
  const champion = await requireChampion(store, name);
  const history = await readHistory(store, name);
  const lineage = await lineageOf(store, champion.policy.key);
  terminal.printJson({ champion, history, lineage });
  terminal.print(`policy ${champion.policy.key}\n\n${textTable(head, history.map(line))}\n\nmade from:`);
  terminal.print(
    textTable(
      ['key', 'SHA-256', 'by version'],
      lineage.map(({ key, sha256, codeVersion }) => [key, sha256.slice(0, 12), codeVersion]),
    ),
  );
}

async function promote(name: string, options: Json & { run: string; iteration?: number }): Promise<void> {
  const terminal = openTerminal(options.json === true);
  const { store, promoteByHand } = await openModels();
  const { bestIteration } = await import('../../app/models/best-iteration.ts');
  const iteration = options.iteration ?? (await bestIteration(store, options.run));
  const champion = await promoteByHand(store, name, options.run, iteration);
  terminal.printJson({ champion });
  terminal.print(textTable(head, [line(champion)]));
}

async function rollback(name: string, options: Json): Promise<void> {
  const terminal = openTerminal(options.json === true);
  const { store, rollBack } = await openModels();
  const champion = await rollBack(store, name);
  terminal.printJson({ champion });
  terminal.print(textTable(head, [line(champion)]));
}

async function exportWeights(
  model: string,
  { out, format, json }: Json & { out: string; format: ExportFormat },
): Promise<void> {
  const terminal = openTerminal(json === true);
  const { requireFolderOf } = await import('../../app/named-paths.ts');
  await requireFolderOf(out);
  const { exportModel } = await import('../../app/models/export-model.ts');
  const { kind } = await exportModel(model, out, format);
  terminal.printJson({ model, kind, format, out });
  terminal.print(out);
}
