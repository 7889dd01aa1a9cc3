/** Real echo: the policy that a preset trains on CAMUS, on its own test patients and on EchoNet-Dynamic. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { resolveRunConfig } from '../app/run-config.ts';
import { projectRoot } from '../runtime/node-command.ts';
import { selectTensorBackend } from '../runtime/tensors.ts';
import { pretrainOnSource } from './real/pretrain.ts';
import { openRealEcho, realEchoFolder } from './shared/real-echo.ts';

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { values } = parseArgs({
    options: {
      json: { type: 'boolean' },
      stage: { type: 'string', default: 'all' },
      config: { type: 'string' },
      preset: { type: 'string' },
      seed: { type: 'string', default: '1' },
      out: { type: 'string', default: join(projectRoot, '.echoloop', 'bench-real') },
    },
  });
  const echo = openRealEcho();
  if (!echo) {
    console.error(
      `Skipped: ${realEchoFolder()} holds no camus-a4c and echonet-a4c. REAL_ECHO names another folder.`,
    );
  } else {
    await selectTensorBackend({ threads: 1 });
    const config = await resolveRunConfig(values.config, {
      preset: values.preset ?? 'real',
      seed: Number(values.seed),
      source: 'camus-a4c',
      target: 'echonet-a4c',
    });
    const folder = resolve(values.out);
    mkdirSync(folder, { recursive: true });
    const trained = pretrainOnSource(echo, config, folder, (line) => console.error(line));
    writeFileSync(join(folder, 'pretrained.json'), JSON.stringify(trained));
  }
}
