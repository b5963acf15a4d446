/**
 * Checks whom a request is meant for. Without tokens the API is for callers on this machine alone. A web page in a browser here
 * could call it, too, if its name led to the loopback address (DNS rebinding). Such a request has the name of the page in its `Host`.
 */
import { isIP } from 'node:net'
import { PlugboardError } from '../core/errors.ts'
import { quoted } from '../core/quoted.ts'

export interface Hosts {
  /** The names and addresses that callers may use; empty: see `isAllowed`. */
  readonly names: readonly string[]
  /** The name or address on which the API listens. */
  readonly listen: string
  readonly hasTokens: boolean
}

/**
 * Checks a `Host` header.
 * @throws PlugboardError `forbidden`
 */
export function checkHost(header: string | undefined, hosts: Hosts): void {
  if (header === undefined || isAllowed(nameOf(header), hosts)) return
  const right = hosts.names.length > 0 ? hosts.names.join(' or ') : `an IP address, localhost or ${hosts.listen}`
  throw new PlugboardError(
    'forbidden',
    `the request is for host ${quoted(header)}: it must be for ${right}; "http.hosts" of the configuration names hosts`,
  )
}

/** Without names: with tokens any host, since no web page knows a token; otherwise what no foreign name can be. */
function isAllowed(name: string, { names, listen, hasTokens }: Hosts): boolean {
  if (names.length > 0) return names.some((each) => each.toLowerCase() === name)
  return hasTokens || isIP(name) !== 0 || name === 'localhost' || name === listen.toLowerCase()
}

/** `example.org:80` → `example.org`, `[::1]:9797` → `::1` */
const nameOf = (header: string): string => {
  const [, ipv6, plain = ''] = /^(?:\[([^\]]*)\]|([^:]*))(?::\d*)?$/.exec(header.trim()) ?? []
  return (ipv6 ?? plain).toLowerCase().replace(/\.$/, '')
}
