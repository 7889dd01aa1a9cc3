/** Policies that a person names for a table: `--policies source=seed-{seed}/source.safetensors,own=own.safetensors`. */
import { refuseOptions } from './bench-options.ts';

/** A policy's name in tables, and its checkpoint file. */
export interface NamedPolicy {
  readonly name: string;
  readonly file: string;
}

/** `{seed}` in a file is the seed. An entry that is not name=file, and a name that comes twice, are refused. */
export function namedPolicies(list: string, seed: number): NamedPolicy[] {
  const policies = list.split(',').map((entry) => {
    const [, name, file] = /^([^=]+)=(.+)$/.exec(entry.trim()) ?? [];
    if (!name || !file) return refuseOptions(`--policies: expected name=file, found "${entry}".`);
    return { name, file: filesOfSeed(file, seed) };
  });
  const twice = policies.find(({ name }, i) => policies.findIndex((other) => other.name === name) < i);
  if (twice) refuseOptions(`--policies: the name ${twice.name} stands for two files.`);
  return policies;
}

/** The one that `--tto` names, none without it; a name that no policy has is refused. */
export function policyToOptimise(
  policies: readonly NamedPolicy[],
  name: string | undefined,
): NamedPolicy | undefined {
  if (name === undefined) return undefined;
  const policy = policies.find((one) => one.name === name);
  if (policy) return policy;
  return refuseOptions(
    `--tto: expected one of ${policies.map((one) => one.name).join(', ')}, found "${name}".`,
  );
}

/** The text with the seed in place of `{seed}`. */
export function filesOfSeed(text: string, seed: number): string {
  return text.replaceAll('{seed}', String(seed));
}
