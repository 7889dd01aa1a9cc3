/**
 * Activities that check what they are told before they begin: it comes from another process, perhaps of another
 * version.
 */
import { z } from 'zod';
import type { ActivityContext } from '../activities/context.ts';
import { DomainError } from '../ground/errors.ts';

export type Activity = (input: never, context: ActivityContext) => Promise<unknown>;

/**
 * The same activities by name.
 * @throws DomainError VersionMismatch, which is tried again elsewhere, from an activity whose input is not of its
 * schema.
 */
export function checked<Name extends string>(
  activities: Readonly<Record<Name, Activity>>,
  inputs: Readonly<Record<Name, z.ZodType>>,
): Record<Name, Activity> {
  const names = Object.keys(activities) as Name[];
  const pairs = names.map((name): [Name, Activity] => [
    name,
    async (input, context) => {
      const parsed = inputs[name].safeParse(input);
      if (parsed.success) return activities[name](input, context);
      throw new DomainError(
        'VersionMismatch',
        `${name} was asked for with an input that version ${context.codeVersion} does not understand:\n${z.prettifyError(parsed.error)}\nLet a worker of the version that started the run take it.`,
      );
    },
  ]);
  return Object.fromEntries(pairs) as Record<Name, Activity>;
}
