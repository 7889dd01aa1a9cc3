// Start of one scoring thread: threads do not inherit the TypeScript loader, so it is registered again.
import { register } from 'tsx/esm/api';

register();
await import('./score-thread.ts');
