/**
 * Run configurations as older versions wrote them, in files, schedules and the store: two cadences of checkpoints, and
 * a window of inference that was also that of the trainings. They are read as the present form.
 */

type Fields = Readonly<Record<string, unknown>>;

/**
 * The same configuration, or the same part of one, in the present form: `pretraining.checkpointEverySteps`, else
 * `ppo.checkpointEveryWindows`, becomes `training.checkpointEverySteps`, and `inference.windowFrames` stands for
 * `training.windowFrames` too, each where `training` does not say it itself. Whatever is no object stays as it is.
 */
export function modernised<Given>(given: Given): Given {
  if (!isObject(given)) return given;
  const { training, ...rest } = given;
  const [pretraining, everySteps] = without(rest.pretraining, 'checkpointEverySteps');
  const [ppo, everyWindows] = without(rest.ppo, 'checkpointEveryWindows');
  const windowFrames = isObject(rest.inference) ? rest.inference.windowFrames : undefined;
  const older = defined({ windowFrames, checkpointEverySteps: everySteps ?? everyWindows });
  const merged = isObject(training) || training === undefined ? { ...older, ...(training ?? {}) } : training;
  return {
    ...rest,
    ...defined({ pretraining, ppo }),
    ...((training !== undefined || Object.keys(older).length > 0) && { training: merged }),
  } as Given;
}

/** A section without a field, and the value of that field. */
function without(section: unknown, field: string): [section: unknown, value: unknown] {
  if (!isObject(section)) return [section, undefined];
  const { [field]: value, ...rest } = section;
  return [rest, value];
}

function defined(fields: Fields): Fields {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}

function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
