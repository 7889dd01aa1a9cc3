/**
 * Real echo: the policy that a preset trains on CAMUS, on its own test patients and on EchoNet-Dynamic; any other
 * policy file likewise. The sets lie outside of the project and stay there; without them there is nothing to run.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { resolveRunConfig } from '../app/run-config.ts';
import { loadNamedNetworks } from '../app/segmentation/networks.ts';
import type { RunConfig } from '../contracts/run-config.ts';
import { projectRoot } from '../runtime/installation.ts';
import { selectTensorBackend } from '../runtime/tensors.ts';
import { drawInto, refuseProjectFolder } from './real/pictures.ts';
import { pretrainOnSource } from './real/pretrain.ts';
import { type RealReport, reportText, summaries } from './real/report.ts';
import { scoreModel } from './real/score.ts';
import { openRealEcho, type RealEcho, realEchoFolder } from './shared/real-echo.ts';

export const stages = ['all', 'pretrain', 'evaluate'] as const;

interface EvaluateOptions {
  /** In tables and of the files that are written. */
  readonly name: string;
  readonly policy: string;
  readonly folder: string;
  /** Loops of the target's other splits, too. */
  readonly others: boolean;
  readonly pictures: boolean;
}

async function evaluate(echo: RealEcho, options: EvaluateOptions): Promise<RealReport> {
  const { name, policy, folder, others, pictures } = options;
  const started = performance.now();
  const cpu = process.cpuUsage();
  const { model } = await loadNamedNetworks({ model: policy }, true);
  try {
    const onTargetLoop = pictures ? { onTargetLoop: drawInto(join(folder, `${name}-pictures`)) } : {};
    const scores = scoreModel(model, echo, { others, ...onTargetLoop });
    const { user, system } = process.cpuUsage(cpu);
    const seconds = (performance.now() - started) / 1000;
    const report = { name, seconds, cpuSeconds: (user + system) / 1e6, scores };
    writeFileSync(join(folder, `${name}.json`), JSON.stringify({ ...report, summaries: summaries(scores) }));
    return report;
  } finally {
    model.policy.dispose();
  }
}

function pretrain(echo: RealEcho, config: RunConfig, folder: string): string {
  const trained = pretrainOnSource(echo, config, folder, (text) => console.error(text));
  const { steps, seconds, cpuSeconds } = trained;
  writeFileSync(join(folder, 'pretraining.json'), JSON.stringify({ ...trained, config }));
  console.error(
    `${steps} steps of ${config.pretraining.windowsPerStep} windows in ${seconds.toFixed(0)} s, ${cpuSeconds.toFixed(0)} s of processor time`,
  );
  return trained.file;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { values } = parseArgs({
    options: {
      json: { type: 'boolean' },
      stage: { type: 'string', default: 'all' },
      config: { type: 'string' },
      preset: { type: 'string' },
      seeds: { type: 'string', default: '1' },
      policy: { type: 'string' },
      name: { type: 'string', default: 'source' },
      others: { type: 'boolean', default: false },
      pictures: { type: 'boolean', default: false },
      threads: { type: 'string', default: '1' },
      out: { type: 'string', default: join(projectRoot, '.echoloop', 'bench-real') },
    },
  });
  const stage = stages.find((one) => one === values.stage);
  if (!stage) throw new Error(`--stage: expected ${stages.join(', ')}, found "${values.stage}".`);
  const echo = openRealEcho();
  if (!echo) {
    console.error(
      `Skipped: ${realEchoFolder()} holds no camus-a4c and echonet-a4c with their manifests. REAL_ECHO names another folder.`,
    );
  } else {
    await selectTensorBackend({ threads: Number(values.threads) });
    const reports: RealReport[] = [];
    for (const seed of values.seeds.split(',').map(Number)) {
      const folder = resolve(values.out, `seed-${seed}`);
      refuseProjectFolder(folder);
      mkdirSync(folder, { recursive: true });
      const { name, others, pictures } = values;
      let policy = values.policy ?? join(folder, 'policy.safetensors');
      if (stage !== 'evaluate') {
        const names = { source: 'camus-a4c', target: 'echonet-a4c', seed };
        const preset = values.preset ?? (values.config === undefined ? 'real' : undefined);
        policy = pretrain(echo, await resolveRunConfig(values.config, { ...names, preset }), folder);
      }
      if (stage === 'pretrain') continue;
      const report = await evaluate(echo, { name, policy, folder, others, pictures });
      reports.push(report);
      if (!values.json) console.log(reportText(report));
    }
    if (values.json) console.log(JSON.stringify(reports));
  }
}
