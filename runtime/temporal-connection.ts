/** How a client or a worker of the deployment reaches its Temporal server. */
import { readTlsFiles, type TlsFiles } from '../storage/tls-files.ts';

/** What both of Temporal's kinds of connection take. */
export interface TemporalConnectionOptions {
  readonly address?: string;
  readonly apiKey?: string;
  readonly tls?:
    | true
    | {
        readonly serverRootCACertificate?: Buffer;
        readonly clientCertPair?: { readonly crt: Buffer; readonly key: Buffer };
      };
}

export interface TemporalAccess extends TlsFiles {
  /** host:port */
  readonly address?: string | undefined;
  readonly apiKey?: string | undefined;
  readonly tls?: boolean;
}

/**
 * TLS is used where it is asked for, or a certificate is named.
 * @throws DomainError ConfigInvalid when a certificate cannot be read.
 */
export function temporalConnection(access: TemporalAccess): TemporalConnectionOptions {
  const { address, apiKey, tls } = access;
  const files = readTlsFiles(access, 'TEMPORAL');
  return {
    ...(address !== undefined && { address }),
    ...(apiKey !== undefined && { apiKey }),
    ...(tls && { tls }),
    ...(files && {
      tls: {
        ...(files.ca && { serverRootCACertificate: files.ca }),
        ...(files.cert && files.key && { clientCertPair: { crt: files.cert, key: files.key } }),
      },
    }),
  };
}
