export { resolveRunConfig } from './run-config.ts';
