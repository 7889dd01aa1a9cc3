import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { randomStream } from '../../ground/random.ts';
import { encodeNetworkArrays } from '../../method/networks/network-checkpoint.ts';
import { initialArrays } from '../../method/networks/parameters.ts';
import { encodeSafetensors } from '../../method/networks/safetensors.ts';
import { tinyUNet } from '../../method/networks/tiny-unet.fixture.ts';
import { planUNet } from '../../method/networks/unet-plan.ts';
import { exportModel } from './export-model.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'echoloop-export-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function policyFile(): Promise<string> {
  const file = join(folder, 'policy.safetensors');
  const arrays = initialArrays(planUNet(tinyUNet).parameters, randomStream(1, 'test'));
  const preprocessing = JSON.stringify({ spacingMm: 0.5, multiple: 8 });
  await writeFile(file, encodeNetworkArrays(tinyUNet, arrays, 'policy', { preprocessing }));
  return file;
}

describe('a checkpoint file', () => {
  it('is exported as ONNX with the pixel size that its videos are prepared at', async () => {
    const out = join(folder, 'policy.onnx');
    expect(await exportModel(await policyFile(), out, 'onnx')).toEqual({ kind: 'policy' });
    const text = (await readFile(out)).toString('latin1');
    expect(text).toContain('InstanceNormalization');
    // A pair of the metadata: the key, the field number and length of the value, the value.
    expect(text).toContain('\x0a\x09spacingMm\x12\x030.5');
  });

  it('has no shapes to be exported', async () => {
    const out = join(folder, 'shapes.safetensors');
    await expect(exportModel(await policyFile(), out, 'shapes')).rejects.toThrow(
      /no shapes beside it.*models list/,
    );
    await expect(readFile(out)).rejects.toThrow(/ENOENT/);
  });

  it('that is no checkpoint at all is refused by its name', async () => {
    const file = join(folder, 'text.safetensors');
    await writeFile(file, 'hi');
    for (const format of ['onnx', 'safetensors'] as const) {
      await expect(exportModel(file, join(folder, 'text.out'), format)).rejects.toThrow(file);
    }
  });

  it('of another origin is refused, and nothing is written', async () => {
    const file = join(folder, 'other.safetensors');
    await writeFile(file, encodeSafetensors({}, {}));
    const out = join(folder, 'other.onnx');
    await expect(exportModel(file, out, 'onnx')).rejects.toThrow(/of no kind.*echoloop import/s);
    await expect(readFile(out)).rejects.toThrow(/ENOENT/);
  });
});
