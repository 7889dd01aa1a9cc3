/**
 * Things that must be freed by hand, such as tensors and temporary files, freed at the end of a piece of work however
 * it ends.
 */

/** Marks a thing to be freed, and hands it back. */
export type Keep = <Part extends { dispose(): void }>(part: Part) => Part;

/** Runs the work, then frees what it kept, the last first, also when the work fails. */
export async function withDisposables<Result>(work: (keep: Keep) => Promise<Result>): Promise<Result> {
  const kept: { dispose(): void }[] = [];
  try {
    return await work((part) => {
      kept.push(part);
      return part;
    });
  } finally {
    for (const part of kept.reverse()) part.dispose();
  }
}
