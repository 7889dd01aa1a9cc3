/** `echoloop bench`: runs one of the benchmarks in bench/. */
import { spawn } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Command } from 'commander';
import { didYouMean } from '../../app/did-you-mean.ts';
import { DomainError } from '../../ground/errors.ts';
import { codeRoot, isBuilt, moduleCommand } from '../../runtime/installation.ts';
import { defineCommand, wholeNumber } from '../command.ts';
import { FinishedWith } from '../failure.ts';

export function benchCommand(): Command {
  return defineCommand(
    'bench <name>',
    'Run one of the benchmarks in bench/.',
    'echoloop bench unet --json\necholoop bench ablation --seeds 1,2,3\necholoop bench rehearsal --videos 5000',
  )
    .option(
      '--seeds <list>',
      'seeds, such as 1,2,3, of the benchmarks ablation, adaptation, comparison, hosts, phantoms, real and soak',
    )
    .option(
      '--videos <n>',
      'how many videos the benchmarks ablation, adaptation, alignment, appearance, comparison, local-sgd, rehearsal and reward take',
      wholeNumber(1),
    )
    .action(bench);
}

interface BenchOptions {
  json?: boolean;
  seeds?: string;
  videos?: number;
}

async function bench(name: string, options: BenchOptions): Promise<void> {
  const ending = isBuilt ? '.js' : '.ts';
  const names = (await readdir(join(codeRoot, 'bench')))
    .filter((file) => file.endsWith(ending) && !file.endsWith(`.test${ending}`))
    .map((file) => file.slice(0, -ending.length));
  if (!names.includes(name)) {
    throw new DomainError(
      'ConfigInvalid',
      `There is no benchmark ${name}: expected ${names.join(', ') || 'one in bench/, which holds none'}.${didYouMean(name, names)}`,
    );
  }
  // A process of its own: a benchmark may choose another back end or thread count, and is measured alone.
  const { command, args } = moduleCommand(`bench/${name}`, [
    ...(options.json ? ['--json'] : []),
    ...(options.seeds ? ['--seeds', options.seeds] : []),
    ...(options.videos ? ['--videos', String(options.videos)] : []),
  ]);
  const child = spawn(command, args, { stdio: 'inherit' });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', resolve);
  });
  // 2 and 3: its flags were wrong, and it has said how.
  if (code !== 0) throw new FinishedWith(code === 2 || code === 3 ? code : 1);
}
