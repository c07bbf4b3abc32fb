import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';

export interface Certificate {
  crt: Buffer;
  key: Buffer;
}

/** A certificate authority, and certificates that it issued for the server `localhost` and for a client. */
export interface Certificates {
  authority: Certificate;
  server: Certificate;
  client: Certificate;
}

/** Makes new certificates, valid for one day. Needs openssl. */
export async function createCertificates(): Promise<Certificates> {
  const folder = await mkdtemp(join(tmpdir(), 'certificates-'));
  const openssl = (...args: string[]) => execa('openssl', args, { cwd: folder });
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  const certified = async (name: string, extensions: string) => {
    await writeFile(join(folder, `${name}.ext`), extensions);
    await openssl('req', ...newKey, '-subj', `/CN=${name}`, '-keyout', `${name}.key`, '-out', `${name}.csr`);
    const by = ['-CA', 'authority.crt', '-CAkey', 'authority.key', '-CAcreateserial', '-days', '1'];
    await openssl('x509', '-req', '-in', `${name}.csr`, ...by, '-extfile', `${name}.ext`, '-out', `${name}.crt`);
  };
  const read = async (name: string): Promise<Certificate> => ({
    crt: await readFile(join(folder, `${name}.crt`)),
    key: await readFile(join(folder, `${name}.key`)),
  });
  try {
    const files = ['-keyout', 'authority.key', '-out', 'authority.crt'];
    await openssl('req', '-x509', ...newKey, '-subj', '/CN=authority', '-days', '1', ...files);
    await certified('server', 'subjectAltName=DNS:localhost');
    await certified('client', 'extendedKeyUsage=clientAuth');
    return { authority: await read('authority'), server: await read('server'), client: await read('client') };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
