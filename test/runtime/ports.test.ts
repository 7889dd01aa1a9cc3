import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { createInterface } from 'node:readline';
import { afterEach, expect, it } from 'vitest';
import { type ClaimedPort, claimPort, isPortFree } from '../../runtime/services/ports.ts';

const BASE = 18_000;
const module = new URL('../../runtime/services/ports.ts', import.meta.url).href;

const children: ChildProcess[] = [];
const claimed: ClaimedPort[] = [];
afterEach(async () => {
  for (const child of children.splice(0)) await end(child);
  for (const port of claimed.splice(0)) await port.release();
});

async function claim(usual: number): Promise<ClaimedPort> {
  const port = await claimPort(usual);
  claimed.push(port);
  return port;
}

/** Another process that claims a port and lives on without listening. */
async function claimElsewhere(usual: number): Promise<{ port: number; child: ChildProcess }> {
  const code = `const { claimPort } = await import(${JSON.stringify(module)});
    console.log((await claimPort(${usual})).port); setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', code], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.push(child);
  const [line] = await once(createInterface({ input: child.stdout! }), 'line');
  return { port: Number(line), child };
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGKILL');
  await once(child, 'exit');
}

it('gives the usual port when it is free, and the next one above it when something listens there', async () => {
  const first = await claim(BASE);
  await first.release();
  expect(await claim(first.port)).toMatchObject({ port: first.port, usual: true });
  await first.release();
  const holder = createServer().listen(first.port, '127.0.0.1');
  await once(holder, 'listening');
  expect(await isPortFree(first.port)).toBe(false);
  const other = await claim(first.port);
  expect(other.usual).toBe(false);
  expect(other.port).toBeGreaterThan(first.port);
  holder.close();
});

it('gives no port twice at once, to one process or to several, though nothing listens yet', async () => {
  const own = [await claim(BASE), await claim(BASE)].map(({ port }) => port);
  const others = await Promise.all([claimElsewhere(BASE), claimElsewhere(BASE)]);
  const ports = [...own, ...others.map(({ port }) => port)];
  expect(new Set(ports).size).toBe(4);
});

it('gives a port again once the process that claimed it was killed', async () => {
  const { port, child } = await claimElsewhere(BASE);
  expect((await claim(port)).port).not.toBe(port);
  await end(child);
  expect((await claim(port)).port).toBe(port);
});
