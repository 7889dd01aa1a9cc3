#!/usr/bin/env node
// Entry of the `echoloop` command: the sources are TypeScript, which tsx compiles as they load.
import { register } from 'tsx/esm/api';

// The version of the AWS SDK is pinned; a notice about its later ones is no news to the person at the terminal.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true';

// A reader that has seen enough, such as head, is no failure.
process.stdout.on('error', (error) => {
  if (error.code === 'EPIPE') process.exit();
  throw error;
});

register();
const { main } = await import('./main.ts');
process.exitCode = await main(process.argv.slice(2));
