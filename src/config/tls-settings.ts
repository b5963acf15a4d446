/** The settings of TLS: the files of a listener, and the names that the certificates of hypervisors must have. */
import type { Setting } from './settings.ts'
import { Disallowed, readFilePath } from './values.ts'

/** The paths of PEM files. */
export interface TlsFiles {
  readonly cert: string
  readonly key: string
  /** The authorities that may have signed the certificate of the other side; undefined: it needs none. */
  readonly ca: string | undefined
}

type File = Setting<string | undefined>

const file = (words: string): File => ({ form: 'FILE', words, initial: undefined, read: readFilePath })

/** @param ca what the certificate authority of the listener is for, in words */
export const tlsSettings = (ca: string): { readonly cert: File; readonly key: File; readonly ca: File } => ({
  cert: file('The certificate of this listener, in PEM. With it and a key, the listener speaks TLS alone.'),
  key: file('The private key of that certificate.'),
  ca: file(ca),
})

/** What stands for the system-id in the rule for names. */
export const SYSTEM_ID = '{system-id}'

/** Reads the rule for the names of certificates: text with `{system-id}` in it. */
export function readCertificateName(value: unknown): string {
  const [before = '', after, ...more] = typeof value === 'string' ? value.split(SYSTEM_ID) : []
  if (after === undefined || more.length > 0 || !/^[A-Za-z0-9._-]{0,128}$/.test(before + after))
    throw new Disallowed(value, `${SYSTEM_ID} once, with A-Z a-z 0-9 . _ - around it, such as ${SYSTEM_ID}.example.org`)
  return `${before}${SYSTEM_ID}${after}`
}

type Given = { readonly [Name in keyof TlsFiles]: string | undefined }

/** The files of a listener; undefined: it has no TLS. */
export function tlsFilesOf({ cert, key, ca }: Given): TlsFiles | undefined {
  return cert === undefined || key === undefined ? undefined : { cert, key, ca }
}

/** Which file a listener lacks; undefined: none. @param isCaNeeded must its callers show certificates? */
export function missingFile(given: Given, isCaNeeded: boolean): keyof TlsFiles | undefined {
  if (Object.values(given).every((file) => file === undefined)) return undefined
  const needed = isCaNeeded ? (['cert', 'key', 'ca'] as const) : (['cert', 'key'] as const)
  return needed.find((name) => given[name] === undefined)
}
