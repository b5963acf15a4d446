/** Connects to an OVSDB server. See listen.ts for the other direction. */
import { once } from 'node:events'
import { createConnection, type Socket } from 'node:net'
import { connect as connectTls, TLSSocket } from 'node:tls'
import { Connection } from './connection.ts'
import { OvsdbError } from './ovsdb-error.ts'
import type { PeerOptions } from './peer-options.ts'
import { printTarget, type Target, type Tls } from './target.ts'

const CONNECT_TIMEOUT_MS = 5_000

/** How to connect to a server. */
export interface ConnectOptions extends PeerOptions {
  /** Milliseconds until an attempt is given up. Default: 5000. */
  readonly connectTimeout?: number
  /** Aborts an attempt. It has no effect on a connection that was made. */
  readonly signal?: AbortSignal
}

/**
 * Connects to a server. Makes one attempt.
 * @throws OvsdbError `cannot-connect`, also if a key or certificate cannot be read
 */
export const connect = async (target: Target, options: ConnectOptions = {}): Promise<Connection> => {
  const { connectTimeout = CONNECT_TIMEOUT_MS, signal } = options
  const timeout = AbortSignal.timeout(connectTimeout)
  let socket: Socket | undefined
  try {
    socket = call(target)
    const event = socket instanceof TLSSocket ? 'secureConnect' : 'connect'
    await once(socket, event, { signal: signal ? AbortSignal.any([signal, timeout]) : timeout })
    return new Connection(socket, options)
  } catch (cause) {
    // The error of an aborted attempt is ignored.
    socket?.on('error', () => undefined).destroy()
    const why = timeout.aborted ? `no answer within ${connectTimeout} ms` : String(cause)
    throw new OvsdbError('cannot-connect', `${printTarget(target)}: ${why}`, { cause })
  }
}

/** @throws if the key or a certificate cannot be read */
const call = (target: Target): Socket => {
  if ('path' in target) return createConnection(target.path)
  const { host, port, tls } = target
  if (tls === undefined) return createConnection({ host, port })
  return connectTls({ host, port, ...credentialsOf(tls), ...identityOf(tls) })
}

export const credentialsOf = ({ key, cert, ca }: Tls) => ({ key, cert, ca, minVersion: 'TLSv1.2' }) as const

/** Certificates of `ovs-pki` do not name a host, and OVS does not check one: only the authority counts. */
const identityOf = ({ serverName }: Tls) =>
  serverName === undefined ? { checkServerIdentity: () => undefined } : { servername: serverName }
