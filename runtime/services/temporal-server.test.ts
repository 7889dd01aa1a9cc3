import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fairQueues, temporalServer } from './temporal-server.ts';

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'echoloop-temporal-'));
});
afterEach(() => rm(home, { recursive: true, force: true }));

const startArgs = async () => (await temporalServer({ binary: 'temporal', home, port: 1, uiPort: 2 })).args;

describe('the embedded Temporal server', () => {
  it('has fair queues from its first start on', async () => {
    expect(await startArgs()).toEqual(expect.arrayContaining(fairQueues));
    writeFileSync(join(home, 'temporal', 'temporal.db'), '');
    expect(await startArgs()).toEqual(expect.arrayContaining(fairQueues));
  });

  it('goes on as it is with a database from before, whose waiting tasks would be left behind', async () => {
    mkdirSync(join(home, 'temporal'));
    writeFileSync(join(home, 'temporal', 'temporal.db'), '');
    expect((await startArgs()).join(' ')).not.toContain('matching.');
  });
});
