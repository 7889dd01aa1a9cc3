/** The workflow types that a control worker serves. */
export { adaptation } from './adaptation.ts';
export { comparison } from './comparison.ts';
export { localSgdRounds } from './local-sgd-rounds.ts';
export { nightly } from './nightly.ts';
export { sweep } from './sweep.ts';
