/** Activities as functions: the schema of each input with the type of its result. */
import type { z } from 'zod';

export type Calls<Inputs extends Record<keyof Results, z.ZodType>, Results> = {
  [Name in keyof Results]: (input: Readonly<z.infer<Inputs[Name]>>) => Promise<Results[Name]>;
};
