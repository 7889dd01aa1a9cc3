/** `echoloop import`: PyTorch weights into a checkpoint file or into a model of the store. */
import type { Command } from 'commander';
import { type PresetName, presetNames } from '../../contracts/preset-names.ts';
import { counted } from '../../ground/counted.ts';
import { DomainError } from '../../ground/errors.ts';
import { type NetworkKind, networkKinds } from '../../method/networks/network-checkpoint.ts';
import { defineCommand, nameOf, oneOf, positiveNumber } from '../command.ts';
import { openTerminal } from '../terminal.ts';

interface Options {
  readonly kind: NetworkKind;
  readonly out?: string;
  readonly name?: string;
  readonly preset?: PresetName;
  readonly temperature?: number;
  readonly json?: boolean;
}

export function importCommand(): Command {
  return defineCommand(
    'import <weights>',
    'Import weights of the published network from PyTorch (.safetensors, .pt, .pth, .ckpt). Nothing in the file is run.',
    'echoloop import actor_net.ckpt --out policy.safetensors\necholoop import rewardnet.ckpt --kind anatomical-reward --temperature 2.3 --name hospital',
  )
    .option('--kind <kind>', 'what the network is', oneOf(networkKinds), 'policy')
    .option('--out <file>', 'write a checkpoint file (.safetensors)')
    .option(
      '--name <model>',
      'put it into the store: a policy becomes the champion, a reward network judges it',
      nameOf('model'),
    )
    .option(
      '--preset <name>',
      'how videos were prepared for a policy; the published configuration (paper) when left out',
      oneOf(presetNames),
    )
    .option('--temperature <t>', 'of an anatomical reward network (method 5.3)', positiveNumber)
    .action(importFile);
}

async function importFile(file: string, options: Options): Promise<void> {
  const terminal = openTerminal(options.json === true);
  const { kind, out, name, preset, temperature } = options;
  if (out === undefined && name === undefined) {
    throw new DomainError('ConfigInvalid', 'Say where the weights go: --out FILE, --name MODEL, or both.');
  }
  const { requireFolderOf } = await import('../../app/named-paths.ts');
  if (out !== undefined) await requireFolderOf(out);
  const { importWeights } = await import('../../app/models/import-weights.ts');
  const { bytes, config, parameters, prefix, unused } = await importWeights(file, {
    kind,
    preset,
    temperature,
  });
  if (out !== undefined) {
    const { writeWholeFile } = await import('../../storage/whole-file.ts');
    await writeWholeFile(out, bytes);
  }
  const champion = name === undefined ? undefined : await addToStore(name, kind, bytes);
  terminal.printJson({
    file,
    kind,
    config,
    parameters,
    prefix,
    unused,
    ...(out && { out }),
    ...(champion && { champion }),
  });
  const levels = `${config.strides.length} stages from ${counted(config.baseFilters, 'filter')}, ${counted(config.inputChannels, 'channel')} in, ${config.outputChannels} out`;
  terminal.print(`${kind}: ${parameters} parameters, ${levels}${prefix && `, found under "${prefix}"`}`);
  if (unused.length > 0) terminal.print(`kept, though nothing reads them: ${unused.join(', ')}`);
  if (out !== undefined) terminal.print(out);
  if (champion) terminal.print(`champion of ${champion.model}, entry ${champion.sequence}`);
}

async function addToStore(name: string, kind: NetworkKind, bytes: Uint8Array) {
  const { currentDeployment, storeOf } = await import('../../app/connections.ts');
  const { addImported } = await import('../../app/models/imported-model.ts');
  const { codeVersion } = await import('../../runtime/installation.ts');
  return addImported(storeOf(await currentDeployment()), name, { bytes, kind, codeVersion: codeVersion() });
}
