/** Certificates of a hospital's own authority, made anew for a test by openssl. */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** False, with a warning, where there is no openssl. */
export const hasOpenssl = (() => {
  try {
    return execFileSync('openssl', ['version']).length > 0;
  } catch {
    console.warn('NOT TESTED: certificates, for want of openssl');
    return false;
  }
})();

/**
 * Writes the authority as ca.pem, and signed by it server.pem (of 127.0.0.1) and client.pem, each with its key as
 * NAME.key.
 */
export function makeCertificates(folder: string): void {
  const openssl = (line: string) => execFileSync('openssl', line.split(' '), { cwd: folder, stdio: 'pipe' });
  openssl(
    'req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.pem -subj /CN=hospital -addext basicConstraints=critical,CA:TRUE',
  );
  // Of version 3, which not every client goes without.
  writeFileSync(join(folder, 'server.ext'), 'subjectAltName=IP:127.0.0.1');
  writeFileSync(join(folder, 'client.ext'), 'extendedKeyUsage=clientAuth');
  for (const name of ['server', 'client']) {
    openssl(`req -newkey rsa:2048 -nodes -keyout ${name}.key -out ${name}.csr -subj /CN=${name}`);
    openssl(
      `x509 -req -in ${name}.csr -CA ca.pem -CAkey ca.key -CAcreateserial -out ${name}.pem -extfile ${name}.ext`,
    );
  }
}
