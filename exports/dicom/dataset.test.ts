import { expect, it, vi } from 'vitest';
import { exportedResult, recordingFile } from './result.fixture.ts';

it('writes no value of a patient to the console, also one that is cut because it is too long', async () => {
  // The library takes hold of the console when it is loaded.
  const calls = (['log', 'info', 'warn', 'error'] as const).map((name) => vi.spyOn(console, name));
  const { encodeSegmentation } = await import('./segmentation.ts');
  const size = { tag: [0x10, 0x1020] as const, vr: 'DS', value: '1.7500000000000000001' };
  encodeSegmentation(exportedResult(recordingFile([size])));
  for (const call of calls) expect(call).not.toHaveBeenCalled();
});
