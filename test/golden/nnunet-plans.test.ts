/** Plans by the rules of nnU-Net against those of its own planner (make_nnunet_plans.py beside). */
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { type NnUNetPlan, type PlannerOptions, planOf } from '../../comparison/nnunet/plan.ts';

interface Golden
  extends Pick<
    NnUNetPlan,
    'spacing' | 'medianShape' | 'patch' | 'batch' | 'strides' | 'kernels' | 'filters'
  > {
  readonly name: string;
  readonly fingerprint: Parameters<typeof planOf>[0];
  readonly configuration: PlannerOptions['configuration'];
  readonly memoryGb: number;
}

const { plans } = JSON.parse(readFileSync(new URL('./data/nnunet_plans.json', import.meta.url), 'utf8')) as {
  plans: readonly Golden[];
};

it.each(plans)('$name, $configuration in $memoryGb GB is planned as nnU-Net plans it', (golden) => {
  const { fingerprint, configuration, memoryGb } = golden;
  const plan = planOf(fingerprint, { configuration, memoryGb, baseFilters: 32, classes: 3 });
  for (const part of ['patch', 'batch', 'strides', 'kernels', 'filters', 'medianShape'] as const) {
    expect(plan[part], part).toEqual(golden[part]);
  }
  golden.spacing.forEach((mm, axis) => {
    expect(plan.spacing[axis]).toBeCloseTo(mm, 12);
  });
});
