/** The arms of the ablation and their names. */
import type { PpoConfig } from '../../contracts/run-config.ts';

/** Each arm has what those before it have. */
export const parts = ['anatomical reward', '+ landmark reward', '+ temporal penalty'] as const;
export type Part = (typeof parts)[number];
export const objectives = ['published', 'group'] as const satisfies readonly PpoConfig['objective'][];
export type Objective = (typeof objectives)[number];

export const SOURCE = 'source';
/** The control of the anatomical reward: the rule of cleaning as the only reward. */
export const CLEANING_RULE = 'cleaning rule alone';
export type FineTunedBy = Part | typeof CLEANING_RULE;
export const armOf = (objective: Objective, by: FineTunedBy): string => `${objective}: ${by}`;
