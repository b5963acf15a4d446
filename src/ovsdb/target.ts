/** Addresses of servers and listeners, in the notation of OVS: ovsdb(7), "Connection Methods". */
import { OvsdbError } from './ovsdb-error.ts'

/** Key and certificates in PEM. OVS requires all three on both sides, and so does this library. */
export interface Tls {
  readonly key: string | Buffer
  readonly cert: string | Buffer
  /** The authorities that may have signed the certificate of the peer. */
  readonly ca: string | Buffer
  /** The name that a server's certificate must have. By default any, as with OVS. */
  readonly serverName?: string
}

/** An address: for `connect` to connect to, or for `listen` to listen on. */
export type Target =
  | { readonly path: string }
  | { readonly host: string; readonly port: number; readonly tls?: Tls | undefined }

/** The port that IANA assigned to OVSDB. */
const PORT = '6640'
const HOST = String.raw`(\[[^\]]+\]|[^:[\]]+)`
const ACTIVE = new RegExp(`^(tcp|ssl):${HOST}(?::(\\d+))?$`)
const PASSIVE = new RegExp(`^p(tcp|ssl):(\\d+)?(?::${HOST})?$`)

/**
 * Parses `tcp:HOST[:PORT]`, `ssl:HOST[:PORT]` or `unix:PATH`. An IPv6 address must be in brackets.
 * @param tls required for `ssl:`
 * @throws OvsdbError bad-target
 */
export const parseActive = (text: string, tls?: Tls): Target => {
  if (text.startsWith('unix:')) return pathOf(text, text.slice('unix:'.length))
  const [, protocol, host, port = PORT] = ACTIVE.exec(text) ?? []
  return inetOf(text, protocol, host, port, tls)
}

/**
 * Parses `ptcp:[PORT][:HOST]`, `pssl:[PORT][:HOST]` or `punix:PATH`. Without a host it is every IPv4 address of this
 * machine.
 * @param tls required for `pssl:`
 * @throws OvsdbError bad-target
 */
export const parsePassive = (text: string, tls?: Tls): Target => {
  if (text.startsWith('punix:')) return pathOf(text, text.slice('punix:'.length))
  const [, protocol, port = PORT, host = '0.0.0.0'] = PASSIVE.exec(text) ?? []
  return inetOf(text, protocol, host, port, tls)
}

/** Prints an address as `parseActive` reads it, for logs and errors. */
export const printTarget = (target: Target): string => {
  if ('path' in target) return `unix:${target.path}`
  const { host, port, tls } = target
  return `${tls ? 'ssl' : 'tcp'}:${host.includes(':') ? `[${host}]` : host}:${port}`
}

const pathOf = (text: string, path: string): Target => {
  if (path === '') throw bad(text, 'it lacks a path')
  return { path }
}

const inetOf = (text: string, protocol: string | undefined, host = '', port: string, tls: Tls | undefined): Target => {
  if (protocol === undefined) throw bad(text, 'it is not a connection method')
  if (Number(port) > 65535) throw bad(text, 'its port is over 65535')
  const address = { host: host.replace(/^\[|\]$/g, ''), port: Number(port) }
  if (protocol === 'tcp') return address
  if (tls === undefined) throw bad(text, 'it needs a key, a certificate and a CA certificate')
  return { ...address, tls }
}

const bad = (text: string, why: string): OvsdbError => new OvsdbError('bad-target', `${JSON.stringify(text)}: ${why}`)
