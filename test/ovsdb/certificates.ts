/** Certificates of a test: an authority, and the certificates that it has signed. */
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Tls } from '../../src/ovsdb/index.ts'

const openssl = (...args: readonly string[]): void => void execFileSync('openssl', args, { stdio: 'ignore' })

const KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'] as const

export class Authority {
  readonly #directory: string
  readonly #name: string

  constructor(directory: string, name = 'ca') {
    this.#directory = directory
    this.#name = name
    const [key, cert] = [this.#at('key'), this.#at('pem')]
    openssl('req', '-x509', ...KEY, '-keyout', key, '-out', cert, '-subj', `/CN=${name}`)
  }

  /** @param host the host that the certificate is for */
  issue(host: string): { readonly tls: Tls; readonly files: { key: string; cert: string; ca: string } } {
    const [key, cert, ca] = [this.#at(`${host}.key`), this.#at(`${host}.pem`), this.#at('pem')]
    const by = ['-CA', ca, '-CAkey', this.#at('key'), '-addext', `subjectAltName=DNS:${host}`]
    openssl('req', '-x509', ...KEY, '-keyout', key, '-out', cert, '-subj', `/CN=${host}`, ...by)
    const files = { key, cert, ca }
    return { files, tls: { key: readFileSync(key), cert: readFileSync(cert), ca: readFileSync(ca) } }
  }

  #at(name: string): string {
    return join(this.#directory, `${this.#name}.${name}`)
  }
}
