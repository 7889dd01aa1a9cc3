/** Versity's gateway over a local folder: the embedded S3 service. */
import type { ServiceBinary } from './binaries.ts';

export const s3Binary: ServiceBinary = {
  name: 'versitygw',
  module: 'github.com/versity/versitygw/cmd/versitygw',
  version: 'v1.8.0',
  versionArguments: ['--version'],
  addressVariable: 'ECHOLOOP_S3_ENDPOINT',
};
