/**
 * Files that appear whole or not at all, whatever interrupts the writer: a reader never takes half a mask for a mask.
 */
import { randomUUID } from 'node:crypto';
import { rename, rm, writeFile } from 'node:fs/promises';
import { domainErrorOf } from '../ground/errors.ts';

const partialName = /^(.+)\.[0-9a-f-]+\.part$/;

/** The name of the file that `writeWholeFile` was writing when it was killed, if this is what it left of it. */
export function unfinishedFileOf(name: string): string | undefined {
  return partialName.exec(name)?.[1];
}

/**
 * Writes the file, replacing one that is there in one step. Its folder must exist.
 * @throws DomainError DiskFull naming the file; the old file, if any, is then as it was. Other errors of the file
 * system as they are, of this path.
 */
export async function writeWholeFile(path: string, content: Uint8Array | string): Promise<void> {
  const partial = `${path}.${randomUUID()}.part`;
  try {
    await writeFile(partial, content);
    await rename(partial, path);
  } catch (error) {
    await rm(partial, { force: true }).catch(() => undefined);
    // The other name is nobody's business.
    throw domainErrorOf(error, path) ?? Object.assign(error as Error, { path });
  }
}
