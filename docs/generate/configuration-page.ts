/** docs/reference/configuration.md: every field of a run's configuration, out of its schema and its presets. */
import { presets } from '../../contracts/presets.ts';
import { RunConfigSchema } from '../../contracts/run-config.ts';
import { GENERATED, tableOf } from './markdown.ts';
import { type SchemaSection, sectionsOf } from './schema-fields.ts';

const introduction = `# Configuration of a run

What \`npx echoloop adapt --config FILE\` and \`schedule create --config FILE\` take, as JSON: any part of it; flags win over
the file, the file over the preset, the preset over the defaults. An unknown field is refused. The resolved
configuration is frozen when the run starts and stored as \`runs/<run>/config.json\`.

Defaults are the published configuration, which the preset \`paper\` leaves as it is; the columns of the other presets
say where they differ. Grey levels lie in [0, 1]; lengths are in the unit that the name or the text says. Sections of
the [method](../method.md) are given as "method.md 4.2". The same, as a program reads it: \`z.toJSONSchema\` of
\`contracts/run-config.ts\`.`;

/** Presets that differ from the defaults, by name. */
const differing = Object.entries(presets).filter(([, preset]) => Object.keys(preset).length > 1);

export function configurationPage(): string {
  const sections = sectionsOf(RunConfigSchema).map(sectionText);
  return `${GENERATED}\n\n${[introduction, ...sections].join('\n\n')}\n`;
}

function sectionText({ path, meaning, fields }: SchemaSection): string {
  const title = path === '' ? 'The run' : `\`${path}\``;
  const rows = fields.map((field) => [
    `\`${nameIn(path, field.path)}\``,
    field.type,
    field.fallback === undefined ? '' : `\`${field.fallback}\``,
    ...differing.map(([, preset]) => presetValue(preset, field.path)),
    field.meaning,
  ]);
  const header = ['field', 'type', 'default', ...differing.map(([name]) => name), 'meaning'];
  return [`## ${title}`, ...(meaning ? [sentence(meaning)] : []), tableOf(header, rows)].join('\n\n');
}

function nameIn(section: string, path: string): string {
  return section === '' ? path : path.slice(section.length + 1);
}

function sentence(text: string): string {
  return `${text[0]!.toUpperCase()}${text.slice(1)}.`;
}

/** What a preset says of a field; empty where it leaves the default. */
function presetValue(preset: unknown, path: string): string {
  const value = path
    .split('.')
    .reduce<unknown>((part, name) => (part as Readonly<Record<string, unknown>> | undefined)?.[name], preset);
  return value === undefined ? '' : `\`${JSON.stringify(value)}\``;
}
