/**
 * Certificates that the environment names by file, read once when a client is built; for the object store and for
 * Temporal.
 */
import { readFileSync } from 'node:fs';
import { DomainError } from '../ground/errors.ts';

export interface TlsFiles {
  /** PEM of the authorities that a server's certificate is checked against, in place of the system's. */
  readonly caFile?: string | undefined;
  /** PEM of the certificate that this client shows, with its key. */
  readonly certFile?: string | undefined;
  readonly keyFile?: string | undefined;
}

export interface TlsMaterial {
  readonly ca?: Buffer;
  readonly cert?: Buffer;
  readonly key?: Buffer;
}

/**
 * The files' content; undefined when none is named.
 * @param prefix of the variables that name them, such as `ECHOLOOP_S3`, for messages
 * @throws DomainError ConfigInvalid when one cannot be read, is no PEM, or certificate and key do not come together.
 */
export function readTlsFiles(files: TlsFiles, prefix: string): TlsMaterial | undefined {
  const { caFile, certFile, keyFile } = files;
  if (!caFile && !certFile && !keyFile) return undefined;
  if (!certFile !== !keyFile) {
    throw new DomainError(
      'ConfigInvalid',
      `A client certificate needs its key: set both ${prefix}_CERT_FILE and ${prefix}_KEY_FILE, or neither.`,
    );
  }
  return {
    ...(caFile && { ca: readPem(caFile, `${prefix}_CA_FILE`) }),
    ...(certFile && { cert: readPem(certFile, `${prefix}_CERT_FILE`) }),
    ...(keyFile && { key: readPem(keyFile, `${prefix}_KEY_FILE`) }),
  };
}

function readPem(file: string, variable: string): Buffer {
  let content: Buffer;
  try {
    content = readFileSync(file);
  } catch (error) {
    throw new DomainError(
      'ConfigInvalid',
      `${variable} names ${file}, which cannot be read (${(error as NodeJS.ErrnoException).code}).`,
      {},
      { cause: error },
    );
  }
  if (content.includes('-----BEGIN ')) return content;
  throw new DomainError(
    'ConfigInvalid',
    `${variable} names ${file}, which is no PEM file: it should hold a "-----BEGIN ..." block. Convert it with openssl.`,
  );
}
