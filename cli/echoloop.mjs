#!/usr/bin/env node
// Entry of the `echoloop` command. In a clone the sources are TypeScript, which tsx compiles as they load; the package
// holds JavaScript alone.
import { existsSync } from 'node:fs';

// The version of the AWS SDK is pinned; a notice about its later ones is no news to the person at the terminal.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true';

// A reader that has seen enough, such as head, is no failure.
process.stdout.on('error', (error) => {
  if (error.code === 'EPIPE') process.exit();
  process.stderr.write(
    `echoloop: what was found could not be printed (${error.code}): standard output takes no more. Free some space there, or print elsewhere.\n`,
  );
  process.exit(1);
});
// Nor is one of remarks and progress, for which no work is given up.
process.stderr.on('error', () => {});

const source = new URL('./main.ts', import.meta.url);
const isClone = existsSync(source);
if (isClone) (await import('tsx/esm/api')).register();
const { main } = await import(isClone ? source.href : '../dist/cli/main.js');
process.exitCode = await main(process.argv.slice(2));
