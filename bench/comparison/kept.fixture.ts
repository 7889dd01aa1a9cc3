/** Comparisons of some seeds with four patients each, whose numbers a test says. */
import { makeTable } from '../../comparison/table/make-table.ts';
import type { VideoScore } from '../../metrics/evaluation.ts';
import type { KeptComparison } from './kept.ts';

export interface GivenRow {
  readonly flaggedFrames: (seed: number, patient: number) => number;
  readonly valid: (seed: number, patient: number) => boolean;
  readonly seconds?: number;
  readonly unavailable?: string;
}

const PATIENTS = 4;

export function keptComparison(
  seed: number,
  given: Readonly<Record<string, GivenRow>>,
  idOf = (patient: number) => `s${seed}-v${patient}`,
): KeptComparison {
  const patients = Array.from({ length: PATIENTS }, (_, patient) => patient);
  const studies = Object.fromEntries(
    patients.map((patient) => [idOf(patient), `patient-of-${idOf(patient)}`]),
  );
  const rows = Object.entries(given).map(([name, { flaggedFrames, valid, seconds = 1, unavailable }]) => ({
    name,
    title: name,
    summary: 'What it is.',
    standing: 'contender' as const,
    missing: 0,
    trainings: [{ name: 'source', steps: 10 * seconds, seconds }],
    ...(unavailable !== undefined && { unavailable }),
    scores:
      unavailable === undefined
        ? patients.map(
            (patient): VideoScore => ({
              id: idOf(patient),
              frames: 10,
              spacing: [1, 1],
              anatomical: { valid: valid(seed, patient), invalidFrames: [], failures: {} },
              temporal: {
                valid: true,
                flaggedFrames: Array.from({ length: flaggedFrames(seed, patient) }, (_, frame) => frame),
                failures: {},
              },
              clinical: { edFrame: 0, esFrame: 1, ejectionFraction: null, gls: null },
            }),
          )
        : [],
  }));
  const facts = {
    source: 'a',
    target: 'b',
    seeds: [seed],
    videos: PATIENTS,
    inference: 'windows',
    codeVersion: 'test',
  };
  return {
    table: makeTable({ ...facts, studies }, rows),
    scores: Object.fromEntries(rows.map(({ name, scores }) => [name, scores])),
    studies,
  };
}
