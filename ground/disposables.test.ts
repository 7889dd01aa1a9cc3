import { expect, it } from 'vitest';
import { withDisposables } from './disposables.ts';

it('frees what was kept, the last first, also when the work fails', async () => {
  const freed: string[] = [];
  const thing = (name: string) => ({ name, dispose: () => freed.push(name) });
  const result = await withDisposables(async (keep) => {
    const { name } = keep(thing('a'));
    keep(thing('b'));
    expect(freed).toEqual([]);
    return name;
  });
  expect(result).toBe('a');
  expect(freed).toEqual(['b', 'a']);
  const failing = withDisposables(async (keep) => {
    keep(thing('c'));
    throw new Error('broken');
  });
  await expect(failing).rejects.toThrow('broken');
  expect(freed).toEqual(['b', 'a', 'c']);
});
