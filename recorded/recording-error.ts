/**
 * A step that cannot be recorded as it is written, or that is not used as it was recorded: a mistake in the program,
 * not in its data.
 */
export class RecordingError extends Error {
  constructor(step: string, message: string) {
    super(`The recorded step "${step}" ${message}`);
    this.name = 'RecordingError';
  }
}
