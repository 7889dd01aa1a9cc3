/**
 * What a set-up is doing, for the person waiting: one line when a step starts and one when it ends, and a reminder
 * while a long one runs. On a terminal the reminder is one line rewritten in place; elsewhere plain lines.
 */
import { setupLimits } from '../../temporal.config.ts';

export type Say = (line: string) => void;

export interface Progress {
  say: Say;
  /** Runs a step under a name; its lines tell how long it took. */
  step<Result>(name: string, work: () => Promise<Result>): Promise<Result>;
  close(): void;
}

interface Stream {
  write(text: string): unknown;
  isTTY?: boolean;
}

/** Progress on a stream, standard error by default. Nothing is printed before the first step. */
export function createProgress(stream: Stream = process.stderr): Progress {
  const running = new Map<string, number>();
  const seconds = (since: number): string => `${Math.round((Date.now() - since) / 1000)} s`;
  const status = (): string => [...running].map(([name, since]) => `${name} (${seconds(since)})`).join(', ');
  const clear = (): void => {
    if (stream.isTTY) stream.write('\r\u001b[2K');
  };
  const say: Say = (line) => {
    clear();
    stream.write(`${line}\n`);
  };
  const reminder = setInterval(
    () => {
      if (running.size === 0) return;
      if (stream.isTTY) stream.write(`\r\u001b[2K  ${status().slice(0, 110)}`);
      else stream.write(`  still at work: ${status()}\n`);
    },
    setupLimits.reminderEveryMs[stream.isTTY ? 'terminal' : 'line'],
  );
  reminder.unref();
  return {
    say,
    async step(name, work) {
      const started = Date.now();
      running.set(name, started);
      say(`- ${name} ...`);
      try {
        const result = await work();
        running.delete(name);
        say(`- ${name}: done in ${seconds(started)}`);
        return result;
      } catch (error) {
        running.delete(name);
        say(`- ${name}: failed after ${seconds(started)}`);
        throw error;
      }
    },
    close() {
      clearInterval(reminder);
      clear();
    },
  };
}
