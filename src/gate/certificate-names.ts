/** Which hypervisor a certificate is for. */
import type { X509Certificate } from 'node:crypto'

/** What stands for the system-id in the rule for names. */
const SYSTEM_ID = '{system-id}'

/**
 * One entry of the alternative names, as Node.js prints them: `DNS:host`. A value with a comma, a quotation mark or other unusual
 * characters is in quotation marks, so that it cannot pretend to be several entries.
 */
const ENTRY = /(?:^|, )([A-Za-z ]+):("(?:[^"\\]|\\.)*"|[^,"]*)/y

/**
 * The names of a certificate: its common name and its DNS names, exactly as they are written. None if it has several common names
 * or alternative names that cannot be read: it is not for us to choose among them.
 */
export function namesOf(certificate: X509Certificate): readonly string[] {
  const { subject } = certificate.toLegacyObject()
  const common: unknown = subject?.CN
  if (common !== undefined && typeof common !== 'string') return []
  const alternatives = dnsNamesIn(certificate.subjectAltName ?? '')
  return alternatives ? [...(common === undefined ? [] : [common]), ...alternatives] : []
}

/** Undefined if a part of the text is not as Node.js prints it. */
export function dnsNamesIn(text: string): readonly string[] | undefined {
  const names: string[] = []
  ENTRY.lastIndex = 0
  while (ENTRY.lastIndex < text.length) {
    const [, type, name = ''] = ENTRY.exec(text) ?? []
    if (type === undefined) return undefined
    if (type === 'DNS' && !name.startsWith('"')) names.push(name)
  }
  return names
}

/**
 * Says why a connection cannot be that of a hypervisor; undefined: it can.
 * @param rule the name that its certificate must have, with `{system-id}` in the place of the system-id
 */
export function refusalOf(
  rule: string,
  systemId: string,
  certificate: X509Certificate | undefined,
): string | undefined {
  const wanted = rule.split(SYSTEM_ID).join(systemId)
  const names = certificate ? namesOf(certificate) : []
  if (names.includes(wanted)) return undefined
  const shown = names.length === 0 ? 'has no name' : `is that of ${[...new Set(names)].slice(0, MAX_SHOWN).join(', ')}`
  return `its certificate ${shown}, and hypervisor ${systemId} must show one of ${wanted}`
}

const MAX_SHOWN = 4
