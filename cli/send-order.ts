/** One order to a run, and the words that confirm it. */
import { openTerminal } from './terminal.ts';

export type Order = 'pause' | 'stop' | 'cancel';

export async function sendOrder(
  order: Order,
  run: string,
  confirmation: string,
  json: boolean,
): Promise<void> {
  const terminal = openTerminal(json);
  const { withConnections } = await import('../app/connections.ts');
  const { cancelRun, steerRun } = await import('../app/runs/run-orders.ts');
  await withConnections(async ({ client }) => {
    if (order === 'cancel') await cancelRun(client, run);
    else await steerRun(client, run, order);
  });
  terminal.printJson({ run, order });
  terminal.print(confirmation);
}
