#!/usr/bin/env node
// Entry of the `echoloop` command: the sources are TypeScript, which tsx compiles as they load.
import { register } from 'tsx/esm/api';

register();
const { main } = await import('./main.ts');
process.exitCode = await main(process.argv.slice(2));
