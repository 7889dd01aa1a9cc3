/** A run that ended without a result. */
export class RunFailed extends Error {
  constructor(run: string, reason: string) {
    super(`The run ${run} ended without a result: ${reason}`);
    this.name = 'RunFailed';
  }
}
