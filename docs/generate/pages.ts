/** The pages of docs/reference that are made from the code and kept in the repository. */
import { configurationPage } from './configuration-page.ts';
import { environmentPage } from './environment-page.ts';

export const pages: readonly { readonly url: URL; readonly text: () => string }[] = [
  { url: new URL('../reference/configuration.md', import.meta.url), text: configurationPage },
  { url: new URL('../reference/environment.md', import.meta.url), text: environmentPage },
];
