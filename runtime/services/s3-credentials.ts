/**
 * Keys of the embedded S3 service: random, kept in one file that only the user may read, and passed on by environment
 * alone.
 */
import { randomBytes } from 'node:crypto';
import { link, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { DomainError } from '../../ground/errors.ts';

const CredentialsSchema = z.strictObject({
  accessKeyId: z.string().min(8),
  secretAccessKey: z.string().min(16),
});
export type Credentials = z.infer<typeof CredentialsSchema>;

/** The keys kept under `home`; undefined when there are none yet. */
export async function readCredentials(home: string): Promise<Credentials | undefined> {
  const path = join(home, 'credentials.json');
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (text === undefined) return undefined;
  try {
    return CredentialsSchema.parse(JSON.parse(text));
  } catch (error) {
    throw new DomainError(
      'ConfigInvalid',
      `${path} should hold accessKeyId and secretAccessKey of the embedded S3 service, but cannot be read as that. ` +
        'Remove the file: new keys are made at the next start, and the data stay.',
      {},
      { cause: error },
    );
  }
}

/** The keys kept under `home`, made at the first call. */
export async function ensureCredentials(home: string): Promise<Credentials> {
  const existing = await readCredentials(home);
  if (existing) return existing;
  await mkdir(home, { recursive: true });
  const made: Credentials = {
    accessKeyId: `echoloop${randomBytes(6).toString('hex')}`,
    secretAccessKey: randomBytes(24).toString('base64url'),
  };
  const fresh = join(home, `credentials.json.${process.pid}`);
  await writeFile(fresh, `${JSON.stringify(made, null, 2)}\n`, { mode: 0o600 });
  // A link fails where a rename would replace the keys that another process made at the same moment.
  await link(fresh, join(home, 'credentials.json')).catch(() => {});
  await rm(fresh);
  return (await readCredentials(home))!;
}
