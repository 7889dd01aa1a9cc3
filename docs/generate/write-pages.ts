/** First half of `npm run docs`: writes the reference pages that are kept in the repository. */
import { writeFileSync } from 'node:fs';
import { pages } from './pages.ts';

for (const { url, text } of pages) writeFileSync(url, text());
