/** Activities that a test holds up. */
import { Context } from '@temporalio/activity';

/** An activity that lasts until it is cancelled or let go. */
export function gate(): { hold: () => Promise<void>; open: () => void; cancelled: () => number } {
  let open!: () => void;
  let cancelled = 0;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return {
    open: () => open(),
    cancelled: () => cancelled,
    async hold() {
      const context = Context.current();
      const beat = setInterval(() => context.heartbeat(), 50);
      try {
        await Promise.race([
          opened,
          context.cancelled.catch((error) => {
            cancelled++;
            throw error;
          }),
        ]);
      } finally {
        clearInterval(beat);
      }
    },
  };
}
