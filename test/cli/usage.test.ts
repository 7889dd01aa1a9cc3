import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { buildProgram } from '../../cli/main.ts';
import { cliTimeout, runCli } from './run-cli.ts';

vi.setConfig({ testTimeout: cliTimeout });

let home: string;
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'echoloop-usage-'));
});
afterAll(() => rm(home, { recursive: true, force: true }));

describe('wrong usage leaves exit code 2 and says what was probably meant', () => {
  it.each([
    { args: ['evaluat'], meant: 'evaluate' },
    { args: ['adapt', '--prest', 'tiny'], meant: '--preset' },
    { args: ['adapt', '--preset', 'tinny'], meant: '"tiny"' },
    { args: ['schedule', 'trigge', 'x'], meant: 'trigger' },
  ])('$args', async ({ args, meant }) => {
    const { code, stdout, stderr } = await runCli(args, home);
    expect(code).toBe(2);
    expect(stdout).toBe('');
    expect(stderr).toContain('id you mean');
    expect(stderr).toContain(meant);
  });

  it.each([
    ['models', 'show', 'bad name'],
    ['models', 'promote', 'hospital', '--run', '../run'],
    ['adapt', '--source', 'a', '--target', 'b', '--run-id', 'bad id'],
    ['report', '../run'],
  ])('also a name that nothing can have, before a service is asked for it: %s %s', async (...args) => {
    const { code, stdout } = await runCli([...args, '--json'], home);
    expect(code).toBe(2);
    expect(JSON.parse(stdout)).toMatchObject({
      error: { code: 'ConfigInvalid', message: expect.stringContaining('cannot name a') },
    });
  });

  it('also a comparison that trains without a source, which is never the target by default', async () => {
    const compare = ['compare', '--target', 'hospital', '--json', '--systems'];
    const said = async (...systems: string[]) =>
      JSON.parse((await runCli([...compare, ...systems], home)).stdout).error;
    expect(await said('rl4seg3d=run-1', 'unet3d')).toMatchObject({
      code: 'ConfigInvalid',
      message: expect.stringContaining('source: missing'),
    });
    // What is there already is only segmented: all that is missing is a service.
    expect(await said('rl4seg3d=run-1', 'nnunet=a/b.pth')).not.toMatchObject({ code: 'ConfigInvalid' });
  });

  it('refuses options of other versions', async () => {
    expect((await runCli(['segment', 'a.dcm', '--model', 'm', '--out', 'o', '--ttta'], home)).code).toBe(2);
  });
});

/** All of them, those of groups included. */
function allCommands() {
  const commands = [...buildProgram().commands];
  for (const command of commands) commands.push(...command.commands);
  return commands;
}

it('has every option of every command on the page of the interface', () => {
  const page = readFileSync(join(import.meta.dirname, '../../docs/interface.md'), 'utf8');
  const flags = new Set(allCommands().flatMap(({ options }) => options.map(({ long }) => long!)));
  expect([...flags].filter((flag) => !new RegExp(`${flag}(?![a-z-])`).test(page))).toEqual([]);
});

it.each(['seeds', 'videos'])('says which benchmarks take --%s', (option) => {
  const folder = join(import.meta.dirname, '../../bench');
  const takes = readdirSync(folder)
    .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts'))
    .filter((file) => readFileSync(join(folder, file), 'utf8').includes(`${option}: { type: 'string'`))
    .map((file) => file.replace('.ts', ''));
  const bench = allCommands().find((command) => command.name() === 'bench')!;
  const help = bench.options.find(({ long }) => long === `--${option}`)!.description;
  const [first, ...others] = takes.sort();
  const last = others.pop();
  expect(help).toContain(`benchmarks ${[first, ...others].join(', ')} and ${last}`);
});

it('refuses flags that a benchmark does not take, in words', async () => {
  const { code, stdout, stderr } = await runCli(['bench', 'metrics', '--seeds', '1', '--json'], home);
  expect(code).toBe(2);
  expect(JSON.parse(stdout).error).toEqual({
    code: 'Usage',
    message: "Unknown option '--seeds'. This benchmark takes --json.",
  });
  expect(stderr).not.toMatch(/^\s+at /m);
});

it('schedules nights by the flags of adapt that say what a run is', () => {
  const flagsOf = (name: string) =>
    allCommands()
      .find((command) => command.name() === name)!
      .options.map(({ long }) => long);
  const ofOneRun = ['--run-id', '--wait'];
  expect(flagsOf('create')).toEqual(
    expect.arrayContaining(flagsOf('adapt').filter((flag) => !ofOneRun.includes(flag!))),
  );
});

it('takes several values wherever a flag is written with three dots', () => {
  const dotted = allCommands()
    .flatMap(({ options }) => options)
    .filter(({ flags }) => flags.includes('...'));
  expect(dotted.map(({ long }) => long)).toContain('--systems');
  for (const { flags, variadic } of dotted) expect({ flags, variadic }).toEqual({ flags, variadic: true });
});

describe('a path where nothing is leaves exit code 3 and is named, before any service or tensor is asked for', () => {
  const here = import.meta.filename;
  it.each([
    {
      args: ['ingest', here, 'a.dcm', 'b.dcm', '--dataset', 'd'],
      code: 'DatasetInvalid',
      named: 'a.dcm, b.dcm',
    },
    { args: ['ingest', here, '--dataset', 'd', '--labels', 'masks'], code: 'DatasetInvalid', named: 'masks' },
    {
      args: ['segment', here, '--model', 'no.safetensors', '--out', 'o'],
      code: 'ArtefactMissing',
      named: 'no.safetensors',
    },
    {
      args: ['segment', here, 'a.dcm', '--model', 'hospital', '--out', 'o'],
      code: 'DatasetInvalid',
      named: 'a.dcm',
    },
  ])('$args', async ({ args, code, named }) => {
    const result = await runCli([...args, '--json'], home);
    expect(result.code).toBe(3);
    const { error } = JSON.parse(result.stdout);
    expect(error.code).toBe(code);
    expect(error.message).toMatch(new RegExp(`^${named}: there is no such file`));
  });
});

describe('the command', () => {
  it('prints its version', async () => {
    const { code, stdout } = await runCli(['--version'], home);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  });

  it('ends quietly when nobody reads on, as behind head', async () => {
    expect(await runCli(['--help'], home, 'gone')).toEqual({ code: 0, stdout: '', stderr: '' });
  });

  it.skipIf(!existsSync('/dev/full'))(
    'says so, without a stack, where what it prints goes to a full disk',
    async () => {
      const { code, stderr } = await runCli(['--version'], home, 'full');
      expect(code).toBe(1);
      expect(stderr).toMatch(/^echoloop: what was found could not be printed \(ENOSPC\)[^\n]*\n$/);
    },
  );

  it('leaves exit code 4 and one JSON document when no service is known', async () => {
    const { code, stdout, stderr } = await runCli(['status', '--json'], home);
    expect(code).toBe(4);
    expect(JSON.parse(stdout)).toMatchObject({ error: { code: 'OrchestratorUnavailable' } });
    expect(stderr).toContain('npx echoloop up');
  });

  it('has an example in the help of every command', () => {
    const lacking: string[] = [];
    const visit = (command: ReturnType<typeof buildProgram>) => {
      let help = '';
      command.configureOutput({
        writeOut: (text) => {
          help += text;
        },
      });
      command.outputHelp();
      if (!help.includes('Example:\n  ')) lacking.push(command.name());
      for (const inner of command.commands) visit(inner);
    };
    visit(buildProgram());
    expect(lacking).toEqual([]);
  });
});
