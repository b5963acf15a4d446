/**
 * A certificate authority in a directory, for one cloud:
 *
 *     ca.pem, ca.key                    the authority. Its key is needed for new certificates alone: keep it off the controller.
 *     controller.pem, controller.key
 *     hosts/SYSTEM-ID.pem, .key         one for each hypervisor
 *
 * The certificate of a host is for clients and that of the controller for servers alone. So a stolen key of a host cannot pass for
 * the controller.
 */
import { existsSync, mkdirSync } from 'node:fs'
import { isIP } from 'node:net'
import { join } from 'node:path'
import { certify, type Pair, PkiError } from './openssl.ts'

const CA_DAYS = 3650
const DAYS = 825

/** What a system-id may be. It is also what the name of a certificate, and of its file, may be. */
const NAME = /^[A-Za-z0-9._-]{1,64}$/
const HOST_NAME = /^(?=.{1,253}$)[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?$/

const pairIn = (directory: string, name: string): Pair => ({
  key: join(directory, `${name}.key`),
  cert: join(directory, `${name}.pem`),
})

/** Makes an authority. @throws PkiError, also if the directory has one */
export async function makeAuthority(directory: string): Promise<Pair> {
  const pair = pairIn(directory, 'ca')
  if (existsSync(pair.key) || existsSync(pair.cert))
    throw new PkiError(`${directory} has an authority already: a new one would make all of its certificates worthless`)
  mkdirSync(directory, { recursive: true, mode: 0o700 })
  await certify(directory, pair, {
    commonName: 'Plugboard CA',
    days: CA_DAYS,
    extensions: { basicConstraints: 'critical,CA:TRUE,pathlen:0', keyUsage: 'critical,keyCertSign,cRLSign' },
  })
  return pair
}

/** Makes the certificate of the controller. @param addresses where callers and hypervisors reach it @throws PkiError */
export async function certifyController(directory: string, addresses: readonly string[]): Promise<Pair> {
  const names = addresses.map((address) => {
    if (isIP(address)) return `IP:${address}`
    if (HOST_NAME.test(address)) return `DNS:${address}`
    throw new PkiError(`"${address}" is no address of the controller: it must be an IP address or the name of a host`)
  })
  const pair = pairIn(directory, 'controller')
  await certify(directory, pair, {
    commonName: 'plugboard',
    days: DAYS,
    extensions: { ...LEAF, extendedKeyUsage: 'serverAuth', subjectAltName: names.join(',') },
    authority: authorityIn(directory),
  })
  return pair
}

/** Makes the certificate of a hypervisor. @param name its system-id @throws PkiError */
export async function certifyHost(directory: string, name: string): Promise<Pair> {
  if (!NAME.test(name)) throw new PkiError(`"${name}" is no system-id: it must be 1 to 64 of A-Z a-z 0-9 . _ -`)
  const authority = authorityIn(directory)
  const hosts = join(directory, 'hosts')
  mkdirSync(hosts, { recursive: true, mode: 0o700 })
  const pair = pairIn(hosts, name)
  await certify(hosts, pair, {
    commonName: name,
    days: DAYS,
    extensions: { ...LEAF, extendedKeyUsage: 'clientAuth', subjectAltName: `DNS:${name}` },
    authority,
  })
  return pair
}

const LEAF = {
  basicConstraints: 'critical,CA:FALSE',
  keyUsage: 'critical,digitalSignature',
  authorityKeyIdentifier: 'keyid',
} as const

function authorityIn(directory: string): Pair {
  const pair = pairIn(directory, 'ca')
  if (existsSync(pair.key) && existsSync(pair.cert)) return pair
  throw new PkiError(`${directory} has no authority (ca.pem and ca.key): make one with "plugboard pki ca ${directory}"`)
}
