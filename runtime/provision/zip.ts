/**
 * Takes chosen members out of a zip file (a Python wheel), streaming each to disk: they are larger than memory should
 * hold.
 */
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, open } from 'node:fs/promises';
import { dirname, join, normalize } from 'node:path';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { crc32, createInflateRaw } from 'node:zlib';

interface Member {
  readonly name: string;
  readonly method: number;
  readonly crc: number;
  readonly compressedBytes: number;
  readonly bytes: number;
  readonly headerOffset: number;
  /** Unix permissions, 0 where the file was packed without. */
  readonly mode: number;
}

const END_RECORD = 0x06054b50;
const CENTRAL_RECORD = 0x02014b50;
const END_RECORD_BYTES = 22;
const LONGEST_COMMENT = 65_535;

async function readMembers(file: string): Promise<Member[]> {
  const handle = await open(file);
  try {
    const { size } = await handle.stat();
    const tail = Buffer.alloc(Math.min(size, END_RECORD_BYTES + LONGEST_COMMENT));
    await handle.read(tail, 0, tail.length, size - tail.length);
    let end = tail.length - END_RECORD_BYTES;
    while (end >= 0 && tail.readUInt32LE(end) !== END_RECORD) end--;
    if (end < 0) throw new Error(`${file} is not a whole zip file: its directory is missing`);
    const directory = Buffer.alloc(tail.readUInt32LE(end + 12));
    await handle.read(directory, 0, directory.length, tail.readUInt32LE(end + 16));
    const members: Member[] = [];
    for (let at = 0; at + 46 <= directory.length && directory.readUInt32LE(at) === CENTRAL_RECORD; ) {
      const nameBytes = directory.readUInt16LE(at + 28);
      members.push({
        name: directory.toString('utf8', at + 46, at + 46 + nameBytes),
        method: directory.readUInt16LE(at + 10),
        crc: directory.readUInt32LE(at + 16),
        compressedBytes: directory.readUInt32LE(at + 20),
        bytes: directory.readUInt32LE(at + 24),
        headerOffset: directory.readUInt32LE(at + 42),
        mode: (directory.readUInt32LE(at + 38) >>> 16) & 0o777,
      });
      at += 46 + nameBytes + directory.readUInt16LE(at + 30) + directory.readUInt16LE(at + 32);
    }
    return members;
  } finally {
    await handle.close();
  }
}

/** Offset of a member's data: its local header repeats the name and may hold extra fields of another length. */
async function dataOffset(file: string, member: Member): Promise<number> {
  const handle = await open(file);
  try {
    const header = Buffer.alloc(30);
    await handle.read(header, 0, 30, member.headerOffset);
    return member.headerOffset + 30 + header.readUInt16LE(26) + header.readUInt16LE(28);
  } finally {
    await handle.close();
  }
}

async function unpackMember(file: string, member: Member, folder: string): Promise<void> {
  const target = join(folder, normalize(member.name));
  if (!target.startsWith(join(folder, '/')))
    throw new Error(`${file} holds a member outside its folder: ${member.name}`);
  if (member.method !== 0 && member.method !== 8)
    throw new Error(`${file}: ${member.name} is packed in an unknown way`);
  await mkdir(dirname(target), { recursive: true });
  let crc = 0;
  let bytes = 0;
  const check = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      crc = crc32(chunk, crc);
      bytes += chunk.length;
      done(null, chunk);
    },
  });
  const output = createWriteStream(target, { mode: member.mode || 0o644 });
  if (member.compressedBytes === 0) {
    await pipeline([Buffer.alloc(0)], output);
  } else {
    const start = await dataOffset(file, member);
    const source = createReadStream(file, {
      start,
      end: start + member.compressedBytes - 1,
      highWaterMark: 1 << 20,
    });
    const inflate = member.method === 8 ? [createInflateRaw()] : [];
    await pipeline([source, ...inflate, check, output]);
  }
  if (bytes !== member.bytes || crc !== member.crc)
    throw new Error(`${file}: ${member.name} is damaged (checksum differs)`);
}

/**
 * Unpacks the members whose name `wanted` accepts into `folder` and returns their names.
 * @throws Error when the file is cut short or a member's checksum differs.
 */
export async function unpackMembers(
  file: string,
  folder: string,
  wanted: (name: string) => boolean,
): Promise<string[]> {
  const members = (await readMembers(file)).filter(
    (member) => !member.name.endsWith('/') && wanted(member.name),
  );
  for (const member of members) await unpackMember(file, member, folder);
  return members.map((member) => member.name);
}

/** Text of the one member that `wanted` accepts, or undefined. For small members. */
export async function readTextMember(
  file: string,
  wanted: (name: string) => boolean,
): Promise<string | undefined> {
  const member = (await readMembers(file)).find((candidate) => wanted(candidate.name));
  if (!member) return undefined;
  const start = await dataOffset(file, member);
  const source = createReadStream(file, { start, end: start + member.compressedBytes - 1 });
  const chunks: Buffer[] = [];
  const collect = async (stream: AsyncIterable<Buffer>): Promise<void> => {
    for await (const chunk of stream) chunks.push(chunk);
  };
  if (member.method === 8) await pipeline(source, createInflateRaw(), collect);
  else await pipeline(source, collect);
  return Buffer.concat(chunks).toString('utf8');
}
