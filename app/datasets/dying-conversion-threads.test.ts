/** What becomes of the others when a thread dies: with threads that die when they are told to. */
import { EventEmitter } from 'node:events';
import { expect, it, vi } from 'vitest';
import { openConverter } from './conversion-threads.ts';
import type { Conversion } from './convert-recording.ts';

const started = vi.hoisted(() => ({ count: 0, ended: 0 }));
/** Those that have not ended. */
const threads = vi.hoisted(() => new Set<EventEmitter>());

vi.mock('node:worker_threads', async (original) => ({
  ...(await original<typeof import('node:worker_threads')>()),
  Worker: class extends EventEmitter {
    constructor() {
      super();
      started.count++;
      threads.add(this);
    }
    postMessage({ planned }: Conversion) {
      setImmediate(() => {
        if (planned.name === 'exits') this.emit('exit', 1);
        else if (planned.name === 'fails') this.emit('error', new Error('out of memory'));
        else this.emit('message', { converted: { notes: [planned.name] } });
      });
    }
    async terminate() {
      started.ended++;
      threads.delete(this);
    }
  },
}));

const bytes = { files: [], sha256: '', size: 0 };
const conversion = (name: string): Conversion => ({
  planned: { file: `${name}.dcm`, name },
  recording: bytes,
  reference: bytes,
});

it('a thread that dies takes its video along, is replaced, and the others are converted', async () => {
  const converter = openConverter({ reading: {}, force: [] }, 20, 2);
  const names = ['a', 'exits', 'b', 'fails', 'c', 'd', 'e'];
  const outcomes = await Promise.allSettled(names.map((name) => converter.convert(conversion(name))));
  for (const [i, outcome] of outcomes.entries()) {
    const name = names[i]!;
    if (name === 'exits' || name === 'fails') {
      expect(outcome).toMatchObject({ status: 'rejected', reason: { code: 'LimitExceeded' } });
      expect(String((outcome as PromiseRejectedResult).reason)).toContain(`${name}.dcm: expected`);
    } else expect(outcome).toMatchObject({ status: 'fulfilled', value: { notes: [name] } });
  }
  expect(started).toEqual({ count: 4, ended: 2 });
  // One that dies without work is replaced too: the next video does not wait for it.
  for (const thread of [...threads]) {
    thread.emit('error', new Error('out of memory'));
    thread.emit('exit', 1);
  }
  expect(await converter.convert(conversion('f'))).toMatchObject({ notes: ['f'] });
  expect(started.count).toBe(6);
  await converter.close();
  expect(started).toEqual({ count: 6, ended: 4 });
});
