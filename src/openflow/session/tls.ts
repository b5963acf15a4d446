/** TLS as in Open vSwitch: both sides have a certificate that one authority has signed (OpenFlow 1.5.1, 6.3.3). */
import { createServer, connect as dial, type Server, type TLSSocket } from 'node:tls'
import { OpenFlowError } from '../wire/openflow-error.ts'

type Pem = string | Uint8Array

/** Key and certificates in PEM, as for `ovs-vsctl set-ssl`. */
export interface Tls {
  readonly key: Pem
  readonly cert: Pem
  /** The authority that must have signed the certificate of the peer. */
  readonly ca: Pem
  /** The name that the certificate of the peer must have. By default any, as with Open vSwitch. */
  readonly serverName?: string
}

const HANDSHAKE_TIMEOUT_MS = 10_000

const octets = (pem: Pem): string | Buffer => (typeof pem === 'string' ? pem : Buffer.from(pem))
const credentials = ({ key, cert, ca }: Tls) =>
  ({ key: octets(key), cert: octets(cert), ca: octets(ca), minVersion: 'TLSv1.2' }) as const

/** @throws OpenFlowError `bad-credentials` */
function checked<Made>(make: () => Made): Made {
  try {
    return make()
  } catch (cause) {
    const words = cause instanceof Error ? cause.message : String(cause)
    throw new OpenFlowError('bad-credentials', `the key or a certificate cannot be read: ${words}`, { cause })
  }
}

/** @throws OpenFlowError `bad-credentials` if the key or a certificate cannot be read */
export const tlsServer = (tls: Tls): Server =>
  checked(() =>
    createServer({
      ...credentials(tls),
      requestCert: true,
      rejectUnauthorized: true,
      handshakeTimeout: HANDSHAKE_TIMEOUT_MS,
    }),
  )

/** @throws OpenFlowError `bad-credentials` if the key or a certificate cannot be read; then nothing changes */
export const renewTls = (server: Server, tls: Tls): void => checked(() => server.setSecureContext(credentials(tls)))

/** @throws OpenFlowError `bad-credentials` if the key or a certificate cannot be read */
export function dialTls(host: string, port: number, tls: Tls): TLSSocket {
  const identity =
    tls.serverName === undefined ? { checkServerIdentity: () => undefined } : { servername: tls.serverName }
  return checked(() => dial({ host, port, ...credentials(tls), ...identity }))
}
