/** What a policy's file says about itself, whether a run or an import writes it. */
import type { RunConfig } from './run-config.ts';

/** How its videos are prepared and segmented, so that it can be used without its run. */
export function policySettings({
  preprocessing,
  inference,
  optimisation,
}: Pick<RunConfig, 'preprocessing' | 'inference' | 'optimisation'>): Readonly<Record<string, string>> {
  return {
    preprocessing: JSON.stringify(preprocessing),
    inference: JSON.stringify(inference),
    optimisation: JSON.stringify(optimisation),
  };
}
