// Start of one converting thread. Threads do not inherit the TypeScript loader of a clone, so it is registered again;
// the package holds JavaScript alone.
import { existsSync } from 'node:fs';

const source = new URL('./conversion-thread.ts', import.meta.url);
const isClone = existsSync(source);
if (isClone) (await import('tsx/esm/api')).register();
await import(isClone ? source.href : './conversion-thread.js');
