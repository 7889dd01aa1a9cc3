import { deflateRawSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { DomainError } from '../../ground/errors.ts';
import { randomStream } from '../../ground/random.ts';
import { type DicomElement, type DicomFixture, dicomFixture } from '../dicom.fixture.ts';
import { mutated } from '../mutated.fixture.ts';
import { filesOfEveryEncoding } from './mutations.fixture.ts';
import { readDicom } from './read-dicom.ts';

const ROOT = '1.2.840.10008.1.2';
const base: DicomFixture = {
  ...{ rows: 8, columns: 8, frames: 2, frameTime: '40' },
  regions: [{ box: [0, 0, 7, 7], centimetres: [0.1, 0.1] }],
};

/** The failure of a file that must be refused within a second of computing, with less than 200 MB more memory. */
async function refused(bytes: Uint8Array): Promise<DomainError> {
  const before = process.memoryUsage.rss();
  const started = process.cpuUsage();
  const failure = await readDicom(bytes, 'a.dcm').then(
    () => new Error('it was read'),
    (error: unknown) => error,
  );
  expect(failure).toBeInstanceOf(DomainError);
  const { user, system } = process.cpuUsage(started);
  expect((user + system) / 1000).toBeLessThan(1000);
  expect(process.memoryUsage.rss() - before).toBeLessThan(200 * 1024 ** 2);
  return failure as DomainError;
}

describe('files made to fill the memory or to hang are refused at once', () => {
  test.each<[string, Partial<DicomFixture>]>([
    [
      'more frames than there are bytes',
      { rows: 4000, columns: 4000, frames: 16, pixels: new Uint8Array(64) },
    ],
    ['more frames than any recording', { frames: 2_000_000_000, pixels: new Uint8Array(64) }],
    [
      'frames that no fragment holds',
      { rows: 256, columns: 256, frames: 4000, transferSyntax: `${ROOT}.5`, fragments: [new Uint8Array(64)] },
    ],
    [
      'frames that are no number',
      { frames: Number.NaN, rows: 4096, columns: 4096, pixels: new Uint8Array(64) },
    ],
  ])('%s', async (_, changes) => {
    await refused(dicomFixture({ ...base, ...changes }));
  });

  test('deflated data that become far more than the header says', async () => {
    const honest = dicomFixture({ ...base, transferSyntax: `${ROOT}.1`, pixels: new Uint8Array(128) });
    const meta = dicomFixture({ ...base, transferSyntax: `${ROOT}.1.99`, pixels: new Uint8Array(128) });
    const data = honest.subarray(honest.indexOf(8, 150));
    const dataStart = meta.length - deflateRawSync(data).length;
    const bomb = deflateRawSync(Buffer.concat([data, Buffer.alloc(512 * 1024 ** 2)]), { level: 9 });
    const failure = await refused(Uint8Array.from([...meta.subarray(0, dataStart), ...bomb]));
    expect(failure.code).toBe('LimitExceeded');
  });

  test('a header of millions of elements', async () => {
    const element = Uint8Array.of(9, 0, 0x10, 0x10, 0x4c, 0x4f, 0, 0);
    const many = new Uint8Array(8_000_000);
    for (let i = 0; i < many.length; i += element.length) many.set(element, i);
    const file = dicomFixture({ ...base });
    expect((await refused(Uint8Array.from(Buffer.concat([file, many])))).code).toBe('LimitExceeded');
  });

  test('sequences nested a hundred thousand deep', async () => {
    const start = Uint8Array.of(
      0x40,
      0,
      0x75,
      2,
      0x53,
      0x51,
      0,
      0,
      0xff,
      0xff,
      0xff,
      0xff,
      0xfe,
      0xff,
      0,
      0xe0,
      0xff,
      0xff,
      0xff,
      0xff,
    );
    const nested = new Uint8Array(100_000 * start.length);
    for (let i = 0; i < nested.length; i += start.length) nested.set(start, i);
    expect((await refused(Uint8Array.from(Buffer.concat([dicomFixture(base), nested])))).code).toBe(
      'LimitExceeded',
    );
  });

  test('a vector of a million frame times', async () => {
    const extra: DicomElement[] = [
      { tag: [0x18, 0x1065], vr: 'UN', value: new TextEncoder().encode('1\\'.repeat(1_000_000)) },
    ];
    const { frameTime: _, ...rest } = base;
    await refused(dicomFixture({ ...rest, extra, pixels: new Uint8Array(128) }));
  });

  test.each([
    ['JPEG 2000 of a million tiles', 4, 4, 1, 1],
    ['JPEG 2000 of tiny precincts', 4000, 4000, 4000, 4000],
  ])('%s', async (_, width, height, tileWidth, tileHeight) => {
    const view = new DataView(new ArrayBuffer(64));
    view.setUint32(0, 0xff4fff51);
    view.setUint16(4, 41);
    for (const [i, value] of [width * 1000, height * 1000, 0, 0, tileWidth, tileHeight, 0, 0].entries()) {
      view.setUint32(8 + 4 * i, width === 4000 && i < 2 ? value / 1000 : value);
    }
    view.setUint16(40, 1);
    view.setUint32(42, 0x07010100);
    const cod = Uint8Array.of(0xff, 0x52, 0, 14, 1, 0, 0, 1, 0, 1, 4, 4, 0, 1, 0, 0);
    const stream = Uint8Array.from([...new Uint8Array(view.buffer, 0, 45), ...cod, 0xff, 0x90, 0, 10]);
    const file = {
      rows: 4000,
      columns: 4000,
      frames: 1,
      transferSyntax: `${ROOT}.4.90`,
      fragments: [stream],
    };
    await refused(dicomFixture({ ...base, ...file }));
  });
});

describe('three thousand damaged files are each read or refused with a reason', async () => {
  const files = await filesOfEveryEncoding();

  test.each(files)('$name', async ({ name, bytes }) => {
    await expect(readDicom(bytes, name)).resolves.toMatchObject({ frames: 2 });
    // CharLS does not end on some streams, which costs the time after which it is stopped.
    const mutations = name === 'JPEG-LS' ? 40 : 270;
    let refusals = 0;
    for (let i = 0; i < mutations; i++) {
      const file = mutated(bytes, randomStream(7, name, i), 1024);
      const started = performance.now();
      await readDicom(file, name, { identityKey: new Uint8Array(16) }).catch((error: unknown) => {
        refusals++;
        if (error instanceof DomainError) return;
        throw new Error(`mutation ${i}: no reason for a person`, { cause: error });
      });
      // Two frames, each stopped after some seconds at the worst.
      expect(performance.now() - started, `mutation ${i}`).toBeLessThan(15_000);
    }
    expect(refusals).toBeGreaterThan(mutations / 4);
  });
});
