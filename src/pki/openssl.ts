/** Makes keys and certificates by the `openssl` command, which nearly every machine has. */
import { execFile } from 'node:child_process'
import { chmodSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'

/** It failed, or cannot be done. The message is one line for the person who runs the command. */
export class PkiError extends Error {
  constructor(message: string, cause?: unknown) {
    super(message, { cause })
    this.name = 'PkiError'
  }
}

/** Paths of PEM files. */
export interface Pair {
  readonly key: string
  readonly cert: string
}

export interface Wish {
  readonly commonName: string
  readonly days: number
  /** Extensions in the notation of x509v3_config(5), beside those that every certificate has. */
  readonly extensions: Readonly<Record<string, string>>
  /** Who signs it; undefined: its own key. */
  readonly authority?: Pair
}

const MAX_OPENSSL_MS = 60_000

/**
 * Makes a key (ECDSA P-256) and its certificate, in place of any that are there.
 * @param directory where both files will be
 * @throws PkiError
 */
export async function certify(directory: string, { key, cert }: Pair, wish: Wish): Promise<void> {
  const { commonName, days, extensions, authority } = wish
  const draft = mkdtempSync(join(directory, '.draft-'))
  try {
    const [config, newKey, newCert] = [join(draft, 'config'), join(draft, 'key'), join(draft, 'cert')]
    // A configuration of our own: that of the machine may add extensions.
    writeFileSync(config, configFor(commonName, { subjectKeyIdentifier: 'hash', ...extensions }))
    const signer = authority ? ['-CA', authority.cert, '-CAkey', authority.key] : []
    await openssl(
      ...[
        'req',
        '-x509',
        '-config',
        config,
        '-newkey',
        'ec',
        '-pkeyopt',
        'ec_paramgen_curve:P-256',
        '-nodes',
        '-sha256',
      ],
      ...['-days', String(days), '-keyout', newKey, '-out', newCert, ...signer],
    )
    chmodSync(newKey, 0o600)
    renameSync(newKey, key)
    renameSync(newCert, cert)
  } finally {
    rmSync(draft, { recursive: true, force: true })
  }
}

function configFor(commonName: string, extensions: Readonly<Record<string, string>>): string {
  const lines = Object.entries(extensions).map(([name, value]) => `${name} = ${value}`)
  const head = ['[req]', 'distinguished_name = name', 'prompt = no', 'x509_extensions = extensions']
  return [...head, '[name]', `CN = ${commonName}`, '[extensions]', ...lines, ''].join('\n')
}

async function openssl(...args: readonly string[]): Promise<void> {
  try {
    await promisify(execFile)('openssl', args, { timeout: MAX_OPENSSL_MS })
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT')
      throw new PkiError('this needs the command openssl, of version 3.0 or later: install the package openssl', error)
    const said = error instanceof Error && 'stderr' in error ? String(error.stderr) : String(error)
    const [line = ''] = said.split('\n').filter((each) => /error/i.test(each))
    throw new PkiError(`openssl (3.0 or later is needed) has failed: ${line || said.trim().split('\n').at(-1)}`, error)
  }
}
