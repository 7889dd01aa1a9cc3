/** What a policy's file says about itself, whether a run or an import writes it. */
import { z } from 'zod';
import { InferenceSchema, OptimisationSchema, PreprocessingSchema, type RunConfig } from './run-config.ts';

export type PolicySettings = Pick<RunConfig, 'preprocessing' | 'inference' | 'optimisation'>;

/** How its videos are prepared and segmented, so that it can be used without its run. */
export function policySettings({
  preprocessing,
  inference,
  optimisation,
}: PolicySettings): Readonly<Record<string, string>> {
  return {
    preprocessing: JSON.stringify(preprocessing),
    inference: JSON.stringify(inference),
    optimisation: JSON.stringify(optimisation),
  };
}

/** The part of a configuration that segmentation needs; the rest may be anything. */
export const PolicySettingsSchema = z.object({
  preprocessing: PreprocessingSchema,
  inference: InferenceSchema.prefault({}),
  optimisation: OptimisationSchema.prefault({}),
});

/** What the file's metadata says of them; undefined where it does not say, or cannot be read. */
export function statedPolicySettings(metadata: Readonly<Record<string, string>>): PolicySettings | undefined {
  try {
    const sections = Object.keys(PolicySettingsSchema.shape).filter(
      (section) => metadata[section] !== undefined,
    );
    return PolicySettingsSchema.parse(
      Object.fromEntries(sections.map((section) => [section, JSON.parse(metadata[section]!)])),
    );
  } catch {
    return undefined;
  }
}
