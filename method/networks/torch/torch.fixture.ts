/** Files written by PyTorch (fixtures/make_fixtures.py), and zip files as PyTorch lays them out around any pickle. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { zipSync } from 'fflate';

export function torchFile(name: string): Uint8Array {
  return new Uint8Array(readFileSync(join(import.meta.dirname, 'fixtures', name)));
}

/** Value `i` of tensor `k` in every fixture. */
export function fixtureValue(k: number, i: number): number {
  return (((31 * k + 7 * i) % 101) - 50) / 64;
}

export function fixtureValues(k: number, count: number): number[] {
  return Array.from({ length: count }, (_, i) => fixtureValue(k, i));
}

/** A stored zip file with `pickle` as its description and further members below archive/. */
export function torchZip(pickle: Uint8Array | string, members: Record<string, Uint8Array> = {}): Uint8Array {
  const bytes = typeof pickle === 'string' ? Buffer.from(pickle, 'latin1') : pickle;
  const below = Object.entries(members).map(([name, data]) => [`archive/${name}`, data] as const);
  return zipSync({ 'archive/data.pkl': bytes, ...Object.fromEntries(below) }, { level: 0 });
}
