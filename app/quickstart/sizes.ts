import { PHANTOM_VERSION } from '../../datasets/phantom/phantom.ts';

/**
 * How much the demonstration makes and trains: small enough for minutes on two processor cores. Two videos are one
 * patient.
 */
export const quickstart = {
  seed: 1,
  preset: 'tiny',
  iterations: 2,
  /** Annotated videos of the source. */
  source: { train: 34, validation: 6 },
  /**
   * Videos of the target: those adapted to and those scored by reward have no annotation; test ones have, to score
   * with.
   */
  target: { adapt: 40, validation: 12, test: 40 },
  /** Names of the datasets in the store, new for every version of the phantoms; `run` begins the name of every run. */
  names: {
    source: `phantom-v${PHANTOM_VERSION}-source`,
    target: `phantom-v${PHANTOM_VERSION}-target`,
    run: 'quickstart',
  },
  /** A real recording, without annotation, that the target gets as well. */
  realClip: 'examples/echo-cine-30f.dcm',
} as const;
