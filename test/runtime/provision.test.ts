import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { zipSync } from 'fflate';
import { afterAll, describe, expect, it } from 'vitest';
import { withFileLock } from '../../runtime/file-lock.mjs';
import { patchAddonSource } from '../../runtime/provision/addon-patch.ts';
import { ensureBinary, findBinary, type ServiceBinary } from '../../runtime/provision/binaries.ts';
import { cachedEntry, cacheFolder } from '../../runtime/provision/cache-folder.ts';
import { createProgress } from '../../runtime/provision/progress.ts';
import { runCommand } from '../../runtime/provision/run-command.ts';
import { tensorPackageFolder } from '../../runtime/provision/tensorflow.ts';
import {
  cudaRequirements,
  isWantedMember,
  tensorFlowBuildsFor,
} from '../../runtime/provision/tensorflow-builds.ts';
import { pipDownloadArguments } from '../../runtime/provision/wheels.ts';
import { readTextMember, unpackMembers } from '../../runtime/provision/zip.ts';

const scratch = mkdtempSync(join(tmpdir(), 'echoloop-provision-'));
afterAll(() => rm(scratch, { recursive: true, force: true }));

describe('the choice of TensorFlow libraries', () => {
  const linux = { platform: 'linux', arch: 'x64', glibc: '2.36', hasNvidia: false };
  const ids = (machine: Parameters<typeof tensorFlowBuildsFor>[0]): string[] =>
    tensorFlowBuildsFor(machine).builds.map(({ id }) => id);

  it('takes the processor build where there is no NVIDIA driver', () => {
    expect(ids(linux)).toEqual(['tensorflow-2.21.0-cpu-linux-x64']);
    expect(tensorFlowBuildsFor(linux).builds[0]!.requirement).toBe('tensorflow-cpu==2.21.0');
  });

  it('tries the GPU build first, then the processor build, where there is one', () => {
    expect(ids({ ...linux, hasNvidia: true })).toEqual([
      'tensorflow-2.21.0-cuda-linux-x64',
      'tensorflow-2.21.0-cpu-linux-x64',
    ]);
  });

  it('knows Linux on ARM and macOS on Apple processors', () => {
    expect(ids({ ...linux, arch: 'arm64' })).toEqual(['tensorflow-2.21.0-cpu-linux-arm64']);
    const [mac] = tensorFlowBuildsFor({
      platform: 'darwin',
      arch: 'arm64',
      glibc: undefined,
      hasNvidia: false,
    }).builds;
    expect(mac).toMatchObject({ library: 'libtensorflow_cc.2.dylib', platforms: ['macosx_12_0_arm64'] });
  });

  it.each([
    [{ ...linux, glibc: undefined }, 'musl'],
    [{ ...linux, glibc: '2.17' }, '2.17'],
    [{ ...linux, platform: 'win32', glibc: undefined }, 'win32'],
    [{ ...linux, platform: 'darwin', glibc: undefined }, 'darwin on x64'],
  ])('says why there is none for %j', (machine, word) => {
    const { builds, why } = tensorFlowBuildsFor(machine);
    expect(builds).toEqual([]);
    expect(why).toContain(word);
  });

  it('asks pip for a wheel by platform and digest, whatever Python runs it', () => {
    const [build] = tensorFlowBuildsFor(linux).builds;
    const args = pipDownloadArguments(
      { requirements: [], sha256: build!.sha256, platforms: build!.platforms },
      'to',
      'list',
    );
    expect(args).toEqual(
      expect.arrayContaining([
        '--no-deps',
        '--require-hashes',
        '--python-version=3.11',
        '--abi=cp311',
        '--platform=manylinux_2_27_x86_64',
      ]),
    );
  });

  it('reads the CUDA packages out of the wheel and no other extra', () => {
    const metadata = [
      'Requires-Dist: numpy>=1.26.0',
      'Provides-Extra: and-cuda',
      'Requires-Dist: nvidia-cudnn-cu12<10.0,>=9.3.0.75; extra == "and-cuda"',
      'Requires-Dist: nvidia-nccl-cu12<3.0,>=2.27.7; extra == "and-cuda"',
      'Requires-Dist: nvidia-other; extra == "something"',
    ].join('\n');
    expect(cudaRequirements(metadata)).toEqual([
      'nvidia-cudnn-cu12<10.0,>=9.3.0.75',
      'nvidia-nccl-cu12<3.0,>=2.27.7',
    ]);
  });

  it('unpacks libraries and the headers that the addon includes, nothing else', () => {
    const [build] = tensorFlowBuildsFor(linux).builds;
    const wanted = [
      'tensorflow/libtensorflow_cc.so.2',
      'tensorflow/include/tensorflow/c/c_api.h',
      'tensorflow/include/xla/tsl/x.h',
    ];
    const unwanted = [
      'tensorflow/python/x.so',
      'tensorflow/include/unsupported/Eigen/x',
      'tensorflow/libtensorflow_cc.so.2.extra',
    ];
    expect([...wanted, ...unwanted].filter((name) => isWantedMember(build!, name))).toEqual(wanted);
  });
});

describe('unpacking a wheel', () => {
  const text = new TextEncoder().encode('TensorFlow '.repeat(5000));
  const file = join(scratch, 'some.whl');
  writeFileSync(
    file,
    zipSync({
      'a/library.so': text,
      'a/stored.h': [new Uint8Array([1, 2, 3]), { level: 0 }],
      'b/skipped': text,
      'a/empty': new Uint8Array(0),
      'bin/tool': [text, { os: 3, attrs: 0o755 << 16 }],
    }),
  );

  it('streams the chosen members to disk, packed or stored', async () => {
    const names = await unpackMembers(file, join(scratch, 'out'), (name) => name.startsWith('a/'));
    expect(names.sort()).toEqual(['a/empty', 'a/library.so', 'a/stored.h']);
    expect(new Uint8Array(readFileSync(join(scratch, 'out/a/library.so')))).toEqual(text);
    expect([...readFileSync(join(scratch, 'out/a/stored.h'))]).toEqual([1, 2, 3]);
    expect(existsSync(join(scratch, 'out/b'))).toBe(false);
  });

  it('keeps a tool executable', async () => {
    await unpackMembers(file, join(scratch, 'out'), (name) => name.startsWith('bin/'));
    expect(statSync(join(scratch, 'out/bin/tool')).mode & 0o111).not.toBe(0);
  });

  it('reads one text member', async () => {
    expect(await readTextMember(file, (name) => name === 'b/skipped')).toContain('TensorFlow');
    expect(await readTextMember(file, (name) => name === 'absent')).toBeUndefined();
  });

  it('refuses a damaged member and a file that is cut short', async () => {
    const bytes = readFileSync(file);
    const damaged = Buffer.from(bytes);
    damaged[damaged.indexOf(Buffer.from([1, 2, 3]))] = 9;
    writeFileSync(join(scratch, 'damaged.whl'), damaged);
    await expect(
      unpackMembers(join(scratch, 'damaged.whl'), join(scratch, 'out2'), (name) => name === 'a/stored.h'),
    ).rejects.toThrow('checksum');
    writeFileSync(join(scratch, 'cut.whl'), bytes.subarray(0, bytes.length - 40));
    await expect(unpackMembers(join(scratch, 'cut.whl'), join(scratch, 'out2'), () => true)).rejects.toThrow(
      'not a whole zip',
    );
  });

  it('refuses a member that would land outside its folder', async () => {
    writeFileSync(join(scratch, 'evil.whl'), zipSync({ '../outside': text }));
    await expect(
      unpackMembers(join(scratch, 'evil.whl'), join(scratch, 'inside'), () => true),
    ).rejects.toThrow('outside its folder');
    expect(existsSync(join(scratch, 'outside'))).toBe(false);
  });
});

describe('the additions to the TensorFlow addon', () => {
  /** A copy of the source that set-up compiles. */
  const source = (name: string): string => {
    const folder = join(scratch, name);
    for (const part of ['binding.gyp', 'binding'])
      cpSync(join(tensorPackageFolder(), part), join(folder, part), { recursive: true });
    return folder;
  };

  it('fit the source of the installed package', async () => {
    const folder = source('fitting');
    await patchAddonSource(folder);
    const text = (file: string): string => readFileSync(join(folder, file), 'utf8');
    expect(text('binding.gyp')).toContain("'binding/recorded_functions.cc'");
    expect(text('binding/tfjs_binding.cc')).toContain('{"registerFunction", nullptr, RegisterFunction,');
    expect(text('binding/tfjs_binding.cc')).toContain('{"removeFunction", nullptr, RemoveFunction,');
    expect(text('binding/tfjs_backend.cc')).toContain('GetTextOrBytes(env, js_value, str_value)');
    expect(text('binding/recorded_functions.cc')).toContain('TFE_ContextAddFunction');
    expect(text('binding/signals_held.h')).toContain('class SignalsHeld');
  });

  it('say which place they miss in another source, and what to do', async () => {
    const folder = source('other');
    const file = join(folder, 'binding/tfjs_backend.cc');
    writeFileSync(file, readFileSync(file, 'utf8').replace('TFE_Execute(tfe_op.op', 'TFE_Execute(op'));
    await expect(patchAddonSource(folder)).rejects.toThrow(
      /tfjs_backend.cc .*`TFE_Execute\(tfe_op.op.*` 0 times.*npm ci/,
    );
    const twice = source('twice');
    await patchAddonSource(twice);
    await expect(patchAddonSource(twice)).rejects.toThrow('instead of once');
  });
});

describe('the cache folder', () => {
  it('is ECHOLOOP_CACHE, or lies in the user cache folder', () => {
    expect(cacheFolder({ ECHOLOOP_CACHE: '/somewhere' })).toBe('/somewhere');
    expect(cacheFolder({ XDG_CACHE_HOME: '/user' })).toBe('/user/echoloop');
  });

  it('makes an entry once for two set-ups at the same time', async () => {
    const path = join(scratch, 'cache', 'entry');
    let made = 0;
    const make = async (folder: string): Promise<string> => {
      made++;
      await new Promise((resolve) => setTimeout(resolve, 300));
      await writeFile(join(folder, 'x'), 'content');
      return join(folder, 'x');
    };
    expect(await Promise.all([cachedEntry(path, make), cachedEntry(path, make)])).toEqual([path, path]);
    expect(made).toBe(1);
    expect(readFileSync(path, 'utf8')).toBe('content');
  });

  it('keeps nothing of a set-up that fails', async () => {
    const path = join(scratch, 'failing', 'entry');
    const fail = async (folder: string): Promise<string> => {
      await writeFile(join(folder, 'half'), 'half');
      throw new Error('interrupted');
    };
    await expect(cachedEntry(path, fail)).rejects.toThrow('interrupted');
    expect(readdirSync(join(scratch, 'failing'))).toEqual([]);
  });

  it('breaks the lock of a process that has died', async () => {
    const lock = join(scratch, 'dead.lock');
    const { hostname } = await import('node:os');
    const pid = Number(await runCommand(process.execPath, ['-p', 'process.pid'], { timeoutMs: 10_000 }));
    writeFileSync(lock, JSON.stringify({ pid, host: hostname() }));
    expect(await withFileLock(lock, async () => 'done')).toBe('done');
    expect(existsSync(lock)).toBe(false);
  });
});

describe('getting a service binary', () => {
  const silent = createProgress({ write: () => true });
  const binary = (name: string, download?: ServiceBinary['download']): ServiceBinary => ({
    name,
    module: 'example.invalid/nothing',
    version: 'v1',
    versionArguments: [],
    addressVariable: 'SOME_ADDRESS',
    ...(download && { download }),
  });

  it('takes the one on PATH first', async () => {
    expect(await findBinary(binary('true'), join(scratch, 'bin-cache'))).toMatchObject({ origin: 'PATH' });
  });

  it("uses the vendor's download where there is one, and keeps it", async () => {
    const cache = join(scratch, 'download-cache');
    const wanted = binary('not-a-command', async (folder) => {
      await writeFile(join(folder, 'got'), 'binary');
      return join(folder, 'got');
    });
    const got = await ensureBinary(wanted, cache, silent);
    expect(got.origin).toBe('cache');
    expect(readFileSync(got.path, 'utf8')).toBe('binary');
    expect(await findBinary(wanted, cache)).toEqual(got);
  });

  it('says what to install where nothing helps', async () => {
    const folder = join(scratch, 'empty-path');
    await mkdir(folder);
    const path = process.env.PATH;
    process.env.PATH = folder;
    try {
      const attempt = ensureBinary(binary('not-a-command'), join(scratch, 'none'), silent);
      // A Go at its usual place is used even when it is not on PATH; it cannot build a module that does not exist.
      await expect(attempt).rejects.toThrow(
        existsSync('/usr/local/go/bin/go') ? 'go install' : 'SOME_ADDRESS',
      );
    } finally {
      process.env.PATH = path;
    }
  });
});

describe('progress', () => {
  it('prints plain lines where there is no terminal', async () => {
    const lines: string[] = [];
    const progress = createProgress({ write: (text) => lines.push(text) });
    await progress.step('building', async () => {});
    await expect(progress.step('breaking', () => Promise.reject(new Error('x')))).rejects.toThrow('x');
    progress.close();
    expect(lines.join('')).toBe(
      '- building ...\n- building: done in 0 s\n- breaking ...\n- breaking: failed after 0 s\n',
    );
  });
});
