/** This side calls; see listen.ts for the other way. */
import { once } from 'node:events'
import { createConnection, type Socket } from 'node:net'
import { connect as connectTls, TLSSocket } from 'node:tls'
import { Connection } from './connection.ts'
import { OvsdbError } from './ovsdb-error.ts'
import type { PeerOptions } from './peer.ts'
import { printTarget, type Target, type Tls } from './target.ts'

/** How a server is called. */
export interface ConnectOptions extends PeerOptions {
  /** Milliseconds until an attempt is given up. 5000 unless said. */
  readonly connectTimeout?: number
  /** Gives an attempt up; has no effect on a connection. */
  readonly signal?: AbortSignal
}

/**
 * Calls a server, once.
 * @throws OvsdbError `cannot-connect`, also if a key or certificate cannot be read
 */
export const connect = async (target: Target, options: ConnectOptions = {}): Promise<Connection> => {
  const { connectTimeout = 5000, signal } = options
  const timeout = AbortSignal.timeout(connectTimeout)
  let socket: Socket | undefined
  try {
    socket = call(target)
    const event = socket instanceof TLSSocket ? 'secureConnect' : 'connect'
    await once(socket, event, { signal: signal ? AbortSignal.any([signal, timeout]) : timeout })
    return new Connection(socket, options)
  } catch (cause) {
    // An aborted attempt may still fail afterwards; nobody waits for it any more.
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

export const credentialsOf = ({ key, cert, ca }: Tls) => ({ key, cert, ca })

/** Certificates of `ovs-pki` name no host, and OVS looks for none: who signed it is what counts. */
const identityOf = ({ serverName }: Tls) =>
  serverName === undefined ? { checkServerIdentity: () => undefined } : { servername: serverName }
