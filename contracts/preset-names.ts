/**
 * Names of the presets (presets.ts), in the order of how much work they are. Imports nothing: the command line reads it
 * at its start.
 */
export const presetNames = ['tiny', 'real', 'small', 'paper'] as const;
export type PresetName = (typeof presetNames)[number];
