/**
 * Text that is safe inside HTML, by construction: everything put into the `html` template is escaped unless it is
 * Markup.
 */
export class Markup {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

type Part = string | number | Markup | readonly Markup[] | undefined;

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);
}

function render(part: Part): string {
  if (part === undefined) return '';
  if (part instanceof Markup) return part.text;
  if (typeof part === 'object') return part.map((item) => item.text).join('');
  return escapeHtml(String(part));
}

/** Template tag: strings and numbers are escaped, Markup and lists of Markup are put in as they are. */
export function html(literal: TemplateStringsArray, ...parts: readonly Part[]): Markup {
  let text = literal[0]!;
  for (const [i, part] of parts.entries()) text += render(part) + literal[i + 1]!;
  return new Markup(text);
}
