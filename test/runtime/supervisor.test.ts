import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { rotateLog } from '../../runtime/log-file.ts';
import { isAlive, startTimeOf } from '../../runtime/process-identity.ts';
import { endLeftovers, readServiceRecord, writeServiceRecord } from '../../runtime/service-record.ts';
import { type ClaimedPort, claimPort, isListening } from '../../runtime/services/ports.ts';
import { type ProcessSpec, type Supervisor, supervise } from '../../runtime/supervisor.ts';

const scratch = mkdtempSync(join(tmpdir(), 'echoloop-supervisor-'));
afterAll(() => rm(scratch, { recursive: true, force: true }));
const newHome = (): string => mkdtempSync(join(scratch, 'home-'));

const running: Supervisor[] = [];
const claimed: ClaimedPort[] = [];
afterEach(async () => {
  for (const supervisor of running.splice(0)) await supervisor.stop();
  for (const port of claimed.splice(0)) await port.release();
});

async function freePort(): Promise<number> {
  const one = await claimPort(17_000);
  claimed.push(one);
  return one.port;
}

async function startSupervisor(home: string, lines: string[] = []): Promise<Supervisor> {
  const supervisor = await supervise({
    home,
    log: (line) => lines.push(line),
    pauseMs: { first: 50, longest: 200 },
  });
  running.push(supervisor);
  return supervisor;
}

/** A process that answers at a port and ends on SIGTERM. */
function server(name: string, port: number, orders?: string): ProcessSpec {
  const note = orders
    ? `process.on('SIGTERM',()=>{require('fs').appendFileSync(${JSON.stringify(orders)},'${name} ');process.exit(0)});`
    : '';
  return {
    name,
    command: process.execPath,
    args: [
      '-e',
      `${note}console.log('${name} started');require('net').createServer((s)=>s.end()).listen(${port},'127.0.0.1')`,
    ],
    environment: {},
    address: `127.0.0.1:${port}`,
    isHealthy: () => isListening(port),
  };
}

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 15_000;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error('waited 15 s in vain');
    await sleep(20);
  }
}

/** A process that no supervisor of the test started. */
async function strayProcess(): Promise<{ pid: number; startTime: string }> {
  const child = spawn(process.execPath, ['-e', 'setInterval(()=>{},1000)'], {
    detached: true,
    stdio: 'ignore',
  });
  child.unref();
  await until(() => startTimeOf(child.pid!) !== undefined);
  return { pid: child.pid!, startTime: startTimeOf(child.pid!)! };
}

describe('a home folder that cannot be written, as on a full disk,', () => {
  it('hinders neither the restart of a process nor the stop of all', async () => {
    const home = newHome();
    const lines: string[] = [];
    const supervisor = await startSupervisor(home, lines);
    const port = await freePort();
    await supervisor.add(server('a', port));
    const blocked = join(home, `services.json.${process.pid}`);
    mkdirSync(blocked);
    const pid = supervisor.pidOf('a')!;
    process.kill(pid, 'SIGKILL');
    await until(() => supervisor.pidOf('a') !== undefined && supervisor.pidOf('a') !== pid);
    await until(() => lines.some((line) => line.includes('services.json')));
    rmdirSync(blocked);
    await supervisor.ready();
    expect((await readServiceRecord(home))?.services).toMatchObject([{ name: 'a', restarts: 1 }]);
    mkdirSync(blocked);
    await supervisor.stop();
    expect(await isListening(port)).toBe(false);
  });
});

describe('the supervisor', () => {
  it('starts a process that was killed with -9 again on the same port', async () => {
    const home = newHome();
    const lines: string[] = [];
    const supervisor = await startSupervisor(home, lines);
    const port = await freePort();
    await supervisor.add(server('service', port));
    await supervisor.ready();
    for (let round = 1; round <= 2; round++) {
      const pid = supervisor.pidOf('service')!;
      process.kill(pid, 'SIGKILL');
      await until(
        async () =>
          supervisor.pidOf('service') !== undefined &&
          supervisor.pidOf('service') !== pid &&
          (await isListening(port)),
      );
    }
    const record = await readServiceRecord(home);
    expect(record).toMatchObject({
      state: 'ready',
      services: [{ name: 'service', address: `127.0.0.1:${port}`, restarts: 2 }],
    });
    expect(record!.services[0]!.pid).toBe(supervisor.pidOf('service'));
    expect(lines[0]).toContain('service was killed by SIGKILL; starting it again');
    expect(readFileSync(join(home, 'logs', 'service.log'), 'utf8').match(/service started/g)).toHaveLength(3);
  });

  it('waits longer each time for a process that keeps ending', async () => {
    const lines: string[] = [];
    const supervisor = await startSupervisor(newHome(), lines);
    await supervisor.add({
      name: 'broken',
      command: process.execPath,
      args: ['-e', 'process.exit(3)'],
      environment: {},
    });
    await until(() => lines.length >= 4);
    expect(lines.map((line) => /again in ([\d.]+) s/.exec(line)?.[1])).toEqual(
      ['0.05', '0.1', '0.2', '0.2'].slice(0, lines.length),
    );
    expect(lines[0]).toContain('ended with code 3');
  });

  it.each([2, 4])(
    'waits longest at once for one that says that it cannot work here, code %i',
    async (code) => {
      const lines: string[] = [];
      const supervisor = await startSupervisor(newHome(), lines);
      const args = ['-e', `process.exit(${code})`];
      await supervisor.add({ name: 'unfit', command: process.execPath, args, environment: {} });
      await until(() => lines.length >= 2);
      expect(lines.map((line) => /again in ([\d.]+) s/.exec(line)?.[1])).toEqual(lines.map(() => '0.2'));
    },
  );

  it('keeps trying where the command does not exist, and stops when told', async () => {
    const lines: string[] = [];
    const supervisor = await startSupervisor(newHome(), lines);
    await supervisor.add({ name: 'absent', command: '/no/such/command', args: [], environment: {} });
    await until(() => lines.length >= 2);
    expect(lines[0]).toContain('could not be started');
    await supervisor.stop();
    const count = lines.length;
    await sleep(400);
    expect(lines).toHaveLength(count);
  });

  it('ends its processes in reverse order and removes services.json', async () => {
    const home = newHome();
    const orders = join(home, 'order');
    const supervisor = await startSupervisor(home);
    for (const name of ['first', 'second', 'third'])
      await supervisor.add(server(name, await freePort(), orders));
    await supervisor.stop();
    expect(readFileSync(orders, 'utf8')).toBe('third second first ');
    expect(existsSync(join(home, 'services.json'))).toBe(false);
  });

  it('says the end of the log of a process that does not come up', async () => {
    const supervisor = await startSupervisor(newHome());
    const attempt = supervisor.add({
      name: 'mute',
      command: process.execPath,
      args: ['-e', "console.error('the disk is on fire');setInterval(()=>{},1000)"],
      environment: {},
      isHealthy: async () => false,
      startTimeoutMs: 700,
    });
    await expect(attempt).rejects.toThrow(/mute does not answer after 0.7 s[\s\S]*the disk is on fire/);
  });

  it('refuses to run twice on the same data', async () => {
    const home = newHome();
    const other = await strayProcess();
    await writeServiceRecord(home, { supervisor: other, state: 'ready', services: [], environment: {} });
    await expect(supervise({ home, log: () => {} })).rejects.toThrow(
      /already run on the data.*echoloop down/,
    );
    process.kill(other.pid, 'SIGKILL');
  });
});

describe('what a killed supervisor left', () => {
  const gone = { pid: 2 ** 22 - 1, startTime: 'never' };

  it('is ended by the next start, and nothing else is', async () => {
    const home = newHome();
    const leftover = await strayProcess();
    const foreign = await strayProcess();
    await writeServiceRecord(home, {
      supervisor: gone,
      state: 'ready',
      services: [
        { name: 'temporal', ...leftover, restarts: 0 },
        // The same number was given to another process since: its start time differs.
        { name: 's3', pid: foreign.pid, startTime: 'earlier', restarts: 0 },
      ],
      environment: {},
    });
    const lines: string[] = [];
    await startSupervisor(home, lines);
    expect(lines).toEqual(['Ended what an earlier start had left running: temporal']);
    expect(isAlive(leftover)).toBe(false);
    expect(isAlive(foreign)).toBe(true);
    process.kill(foreign.pid, 'SIGKILL');
  });

  it('is nothing where services.json is damaged', async () => {
    const home = newHome();
    writeFileSync(join(home, 'services.json'), '{"supervisor":');
    expect(await endLeftovers(home)).toEqual([]);
  });
});

describe('logs', () => {
  it('move aside when they are long, and the writer goes on in the same file', () => {
    const path = join(scratch, 'some.log');
    writeFileSync(path, 'x'.repeat(100));
    rotateLog(path, 1000);
    expect(existsSync(`${path}.1`)).toBe(false);
    rotateLog(path, 50);
    expect(readFileSync(`${path}.1`, 'utf8')).toHaveLength(100);
    expect(readFileSync(path, 'utf8')).toBe('');
  });

  it('stay where they are when there is no place for the long one', () => {
    const path = join(scratch, 'long.log');
    writeFileSync(path, 'x'.repeat(100));
    mkdirSync(`${path}.1`);
    rotateLog(path, 50);
    expect(readFileSync(path, 'utf8')).toHaveLength(100);
  });
});
