/** Policies that a person names for a table: `--policies source=seed-{seed}/source.safetensors,own=own.safetensors`. */

/** A policy's name in tables, and its checkpoint file. */
export interface NamedPolicy {
  readonly name: string;
  readonly file: string;
}

/** @throws Error for an entry that is not name=file, or a name that comes twice. `{seed}` in a file is the seed. */
export function namedPolicies(list: string, seed: number): NamedPolicy[] {
  const policies = list.split(',').map((entry) => {
    const [, name, file] = /^([^=]+)=(.+)$/.exec(entry.trim()) ?? [];
    if (!name || !file) throw new Error(`--policies: expected name=file, found "${entry}".`);
    return { name, file: filesOfSeed(file, seed) };
  });
  const twice = policies.find(({ name }, i) => policies.findIndex((other) => other.name === name) < i);
  if (twice) throw new Error(`--policies: the name ${twice.name} stands for two files.`);
  return policies;
}

/** The one that `--tto` names, none without it. @throws Error for a name that no policy has. */
export function policyToOptimise(
  policies: readonly NamedPolicy[],
  name: string | undefined,
): NamedPolicy | undefined {
  if (name === undefined) return undefined;
  const policy = policies.find((one) => one.name === name);
  if (policy) return policy;
  throw new Error(`--tto: expected one of ${policies.map((one) => one.name).join(', ')}, found "${name}".`);
}

/** The text with the seed in place of `{seed}`. */
export function filesOfSeed(text: string, seed: number): string {
  return text.replaceAll('{seed}', String(seed));
}
