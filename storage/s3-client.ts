/** The AWS client behind the store: where it is, who one is there, and how long it is waited for. */
import { S3Client } from '@aws-sdk/client-s3';
import { storeLimits } from '../temporal.config.ts';
import { readTlsFiles, type TlsFiles } from './tls-files.ts';

/** The part of `storeLimits` that a client keeps; see there. */
export interface StoreLimits {
  readonly connectMs: number;
  readonly stallMs: number;
  readonly attempts: number;
  readonly connections: number;
}

export interface S3Options extends TlsFiles {
  /** http(s)://host:port; the provider's own when left out. */
  readonly endpoint?: string | undefined;
  readonly region: string;
  readonly bucket: string;
  /**
   * With secretAccessKey, and sessionToken when they are temporary. When left out, the SDK's own chain finds who one
   * is: a profile, single sign-on, a web identity token, the role of a container or an instance; what that gives is
   * renewed before it expires.
   */
  readonly accessKeyId?: string | undefined;
  readonly secretAccessKey?: string | undefined;
  readonly sessionToken?: string | undefined;
  readonly forcePathStyle: boolean;
}

/** The caller destroys it. @throws DomainError ConfigInvalid when a certificate cannot be read. */
export function openS3Client(options: S3Options, limits: StoreLimits = storeLimits): S3Client {
  const { endpoint, region, forcePathStyle, accessKeyId, secretAccessKey, sessionToken } = options;
  const tls = readTlsFiles(options, 'ECHOLOOP_S3');
  const agent = { keepAlive: true, maxSockets: limits.connections };
  return new S3Client({
    region,
    forcePathStyle,
    ...(endpoint && { endpoint }),
    ...(accessKeyId &&
      secretAccessKey && {
        credentials: { accessKeyId, secretAccessKey, ...(sessionToken && { sessionToken }) },
      }),
    // Digests are our own (artefacts.ts); the SDK's default checksums are refused by some S3 look-alikes.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    maxAttempts: limits.attempts,
    requestHandler: {
      connectionTimeout: limits.connectMs,
      socketTimeout: limits.stallMs,
      httpAgent: agent,
      httpsAgent: { ...agent, ...tls },
    },
  });
}
