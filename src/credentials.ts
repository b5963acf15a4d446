/** The keys and certificates that the configuration names, and what to tell an operator about them. */
import { X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createSecureContext } from 'node:tls'
import { type Config, ConfigError } from './config/config.ts'
import { type TlsFiles, tlsFilesOf } from './config/tls-settings.ts'
import type { Metric } from './core/metric.ts'

/** In PEM. */
export interface Credentials {
  readonly key: Buffer
  readonly cert: Buffer
  readonly ca: Buffer | undefined
}

/** Those of listeners for hypervisors, whose callers must show certificates. */
export interface MutualCredentials extends Credentials {
  readonly ca: Buffer
}

/** By listener. Undefined: it has no TLS. */
export interface AllCredentials {
  readonly http: Credentials | undefined
  readonly openflow: MutualCredentials | undefined
  readonly ovsdb: MutualCredentials | undefined
}

export const LISTENERS = ['http', 'openflow', 'ovsdb'] as const
export type ListenerName = (typeof LISTENERS)[number]

/** Reads all files. @throws ConfigError if one cannot be read, or is not what it must be */
export function readCredentials({ http, openflow, ovsdb }: Config): AllCredentials {
  return {
    http: credentialsOf('http', tlsFilesOf(http.tls)),
    openflow: mutual(credentialsOf('openflow', tlsFilesOf(openflow.tls))),
    ovsdb: mutual(credentialsOf('ovsdb', tlsFilesOf(ovsdb.tls))),
  }
}

const mutual = (credentials: Credentials | undefined): MutualCredentials | undefined =>
  credentials?.ca && { ...credentials, ca: credentials.ca }

function credentialsOf(listener: ListenerName, files: TlsFiles | undefined): Credentials | undefined {
  if (!files) return undefined
  const read = (name: keyof TlsFiles, file: string) => readPem(`${listener}.tls.${name}`, file)
  const key = read('key', files.key)
  const cert = read('cert', files.cert)
  const ca = files.ca === undefined ? undefined : read('ca', files.ca)
  check(`${listener}.tls.key`, files.key, 'a private key in PEM, without a passphrase', () =>
    createSecureContext({ key }),
  )
  for (const [name, pem] of [
    ['cert', cert],
    ['ca', ca],
  ] as const) {
    const file = files[name]
    if (pem && file !== undefined) {
      check(`${listener}.tls.${name}`, file, 'certificates in PEM', () => new X509Certificate(pem))
    }
  }
  const allowed = 'the certificate of the private key'
  check(`${listener}.tls.cert`, files.cert, allowed, () => createSecureContext({ key, cert, ca }))
  return { key, cert, ca }
}

function readPem(key: string, file: string): Buffer {
  try {
    return readFileSync(file)
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new ConfigError(`${key} holds "${file}", which cannot be read: ${reason}`, error)
  }
}

function check(key: string, file: string, allowed: string, use: () => unknown): void {
  try {
    use()
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new ConfigError(`${key} holds "${file}": ${reason}; allowed: ${allowed}`, error)
  }
}

/** Those that a running program can use in place of others: TLS itself, and asking for certificates, begin and end with a restart. */
export const renewable = (now: AllCredentials, read: AllCredentials): AllCredentials => ({
  http: now.http && read.http && !now.http.ca === !read.http.ca ? read.http : now.http,
  openflow: now.openflow && (read.openflow ?? now.openflow),
  ovsdb: now.ovsdb && (read.ovsdb ?? now.ovsdb),
})

/** Does a key of the configuration take effect without a restart? @param used the credentials in use, some of `read` */
export function isReloaded(key: string, used: AllCredentials, read: AllCredentials): boolean {
  if (key.startsWith('auth.') || key === 'log.level') return true
  const listener = LISTENERS.find((name) => ['cert', 'key', 'ca'].some((file) => key === `${name}.tls.${file}`))
  return listener !== undefined && used[listener] !== undefined && used[listener] === read[listener]
}

/** When the certificates of the listeners expire. */
export function expiryMetric(all: AllCredentials): Metric {
  return {
    name: 'plugboard_certificate_expiry_timestamp_seconds',
    help: 'When the certificate of a listener expires, in seconds since 1970.',
    type: 'gauge',
    samples: LISTENERS.flatMap((listener) => {
      const cert = all[listener]?.cert
      return cert ? [{ labels: { listener }, value: new X509Certificate(cert).validToDate.getTime() / 1000 }] : []
    }),
  }
}
