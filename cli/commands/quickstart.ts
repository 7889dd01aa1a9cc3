/**
 * `echoloop quickstart`, which `npm start` runs: the whole method on synthetic data and one real recording, in minutes.
 */
import type { Command } from 'commander';
import { counted } from '../../ground/counted.ts';
import { defineCommand } from '../command.ts';
import { FinishedWith } from '../failure.ts';
import { openTerminal, type Terminal } from '../terminal.ts';

export function quickstartCommand(): Command {
  return defineCommand(
    'quickstart',
    'Show everything once: start the services, make data, adapt a model, score it, segment a real recording.',
    'npx echoloop quickstart',
  ).action(quickstartAction);
}

async function quickstartAction(options: { json?: boolean }): Promise<void> {
  const terminal = openTerminal(options.json === true);
  const { startServices } = await import('../../app/quickstart/services.ts');
  terminal.note('1. Services');
  const services = await startServices((line) => terminal.note(line));
  const interrupted = waitForSignal(terminal);
  try {
    const work = demonstrate(terminal, services);
    // The loser of the race may still fail once the services are gone; that is no news.
    work.catch(() => {});
    await Promise.race([work, interrupted.promise]);
  } finally {
    interrupted.forget();
    terminal.note('Stopping the services; data, runs and models are kept.');
    await services.stop();
  }
}

async function demonstrate(
  terminal: Terminal,
  { deployment, page }: Awaited<ReturnType<typeof import('../../app/quickstart/services.ts').startServices>>,
): Promise<void> {
  const { join, relative, resolve } = await import('node:path');
  const { pathToFileURL } = await import('node:url');
  const { prepareData, realClipFile } = await import('../../app/quickstart/data.ts');
  const { quickstart } = await import('../../app/quickstart/sizes.ts');
  const { notLikeAHeart, writeResults } = await import('../../app/quickstart/results.ts');
  const { connectTo } = await import('../../app/connections.ts');
  const { resolveRunConfig } = await import('../../app/run-config.ts');
  const { startAdaptation } = await import('../../app/runs/adaptation-client.ts');
  const { newRunId } = await import('../../app/runs/adapt.ts');
  const { followRun } = await import('../../app/runs/watch.ts');
  const { runDisplay } = await import('../run-display.ts');
  const { resultTable } = await import('../text/result-text.ts');
  const home = resolve(deployment.home);
  const { names, preset, iterations, seed } = quickstart;

  await connectTo(deployment, async ({ client, store }) => {
    terminal.note('2. Data');
    await prepareData(store, home, {
      onVideo: (name, done, total) => {
        if (terminal.interactive) terminal.redraw([`  ${name}: ${done} of ${total} videos made`]);
      },
      onDataset: (name, { total, labelled, made }) =>
        terminal.note(
          `  ${name}: ${counted(total, 'video')}, ${labelled} of them annotated${made === 0 ? ' (kept from before)' : ''}`,
        ),
    });
    terminal.note(`  ${names.target}: one real recording without annotation, ${quickstart.realClip}`);

    const config = await resolveRunConfig(undefined, {
      preset,
      iterations,
      seed,
      source: names.source,
      target: names.target,
    });
    const run = newRunId(names.run, new Date());
    terminal.note(`3. Adaptation ${run}`);
    if (page) {
      terminal.note(
        `  watch it in Temporal too: ${page}/namespaces/${deployment.temporal.namespace}/workflows/${run}`,
      );
    }
    await startAdaptation(client, { run, config });
    const result = await followRun(client, run, runDisplay(terminal));
    terminal.print(`\n${resultTable(result)}\n`);

    terminal.note('4. A real recording, segmented by the adapted model');
    const folder = join(home, 'results', run);
    const files = await writeResults(store, result, config, realClipFile, folder);
    if (!files.completed) terminal.note(`  ${notLikeAHeart}`);
    const link = pathToFileURL(files.page).href;
    terminal.printJson({ ...result, files });
    const shown = (file: string) => relative(process.cwd(), file);
    terminal.print(
      `mask     ${shown(files.mask)}\noverlay  ${shown(files.overlay)}\npolicy   ${shown(files.policy)}\nshapes   ${shown(files.shapes)}\nreport   ${link}`,
    );
    terminal.print(
      [
        '',
        'Go on from here:',
        '  npx echoloop up                          services and workers in the background',
        `  npx echoloop models promote quickstart --run ${run}   keep the policy as a model`,
        `  npx echoloop segment VIDEO --model ${shown(files.policy)} --shapes ${shown(files.shapes)} --out masks`,
        '  npx echoloop ingest VIDEOS --dataset hospital   your own videos; then `npx echoloop adapt --help`',
      ].join('\n'),
    );
  });
}

/** Rejects when the process is told to end, so that the services are stopped in order. */
function waitForSignal(terminal: Terminal): { promise: Promise<never>; forget(): void } {
  let stop = () => {};
  const promise = new Promise<never>((_, reject) => {
    stop = () => {
      terminal.note('Interrupted. A run that was started goes on where it was after: npx echoloop up');
      reject(new FinishedWith(1));
    };
  });
  // Nobody waits for it when the work ends first.
  promise.catch(() => {});
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  for (const signal of signals) process.on(signal, stop);
  return {
    promise,
    forget: () => {
      for (const signal of signals) process.off(signal, stop);
    },
  };
}
