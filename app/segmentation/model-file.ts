/** Whether the argument of --model or of `models export` is a file. */
import { stat } from 'node:fs/promises';

/** True when it means a file, there or not, and not a name in the store. */
export async function isModelFile(model: string): Promise<boolean> {
  if (/[/\\]/.test(model) || model.endsWith('.safetensors')) return true;
  return (await stat(model).catch(() => undefined))?.isFile() ?? false;
}
