/** JSON objects laid over each other, as a configuration is over a preset. */
type Json = Readonly<Record<string, unknown>>;

const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Objects are merged field by field; anything else in `over` replaces what is in `base`. Both stay as they are. */
export function mergeOver(base: Json, over: Json): Record<string, unknown> {
  const merged: Record<string, unknown> = { ...base };
  for (const [key, value] of Object.entries(over)) {
    const present = merged[key];
    merged[key] = isObject(present) && isObject(value) ? mergeOver(present, value) : value;
  }
  return merged;
}
