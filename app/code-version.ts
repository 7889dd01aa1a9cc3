/** The version in package.json: printed by --version and written into the record of everything this command stores. */
import { readFileSync } from 'node:fs';

export function codeVersion(): string {
  const manifest = readFileSync(new URL('../package.json', import.meta.url), 'utf8');
  return (JSON.parse(manifest) as { version: string }).version;
}
