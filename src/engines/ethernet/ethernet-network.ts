/** Checks the address fields of a request for an Ethernet network, and turns them into attributes. */
import { Address6 } from 'ip-address'
import { endsOf, type Prefix, prefixOf, printPrefix } from '../../../flows/engines/prefix.ts'
import type { Attributes } from '../../../topology/model.ts'
import { PlugboardError } from '../../core/errors.ts'
import { parseIp } from '../../core/ip-text.ts'
import { ipv4, printIpv4 } from '../../openflow/index.ts'
import { dhcpOptions } from './dhcp-options.ts'
import { hostAddress, isNobody, networkPrefix } from './ip-values.ts'
import { IPV4, IPV6, type Ipv4Network, type Ipv6Network } from './network-addressing.ts'

type Wish4 = Partial<Ipv4Network> & Pick<Ipv4Network, 'prefix'>
type Wish6 = Partial<Ipv6Network> & Pick<Ipv6Network, 'prefix' | 'mode'>

/** Fills in defaults, and writes addresses in canonical form. A missing field is null. @throws PlugboardError `bad-request` */
export function networkAttributes(fields: Readonly<Record<string, unknown>>): Attributes {
  const [v4, v6] = [(fields[IPV4] ?? null) as Wish4 | null, (fields[IPV6] ?? null) as Wish6 | null]
  return {
    [IPV4]: v4 && (ipv4Network(v4) as unknown as Attributes),
    [IPV6]: v6 && (ipv6Network(v6) as unknown as Attributes),
  }
}

function ipv4Network(wish: Wish4): Ipv4Network {
  const prefix = networkPrefix(wish.prefix, 4, [8, 30], 'ipv4.prefix')
  const within = prefixOf(prefix)
  if (hasNoHosts(prefix)) wrong('ipv4.prefix', `ipv4.prefix ${prefix} has no addresses of hosts: choose another one`)
  const inside = (text: string, field: string) => hostIn(within, hostAddress(text, 4, field), field)
  const gateway = wish.gateway_ip ?? null
  const routes = (wish.routes ?? []).map(({ destination, next_hop }) => ({
    destination: networkPrefix(destination, 4, [0, 32], 'ipv4.routes'),
    next_hop: inside(next_hop, 'ipv4.routes'),
  }))
  checkDestinations([...routes.map(({ destination }) => destination), ...(gateway === null ? [] : [DEFAULT_ROUTE])])
  return {
    prefix,
    gateway_ip: gateway === null ? null : inside(gateway, 'ipv4.gateway_ip'),
    dns: (wish.dns ?? []).map((each) => hostAddress(each, 4, 'ipv4.dns')),
    routes,
    // Left out if it is empty: requests that older versions stored do not have it.
    ...(wish.dhcp_options?.length && { dhcp_options: dhcpOptions(wish.dhcp_options) }),
    pool: wish.pool?.map(({ start, end }) => spanOf(within, start, end)) ?? [wholeOf(within)],
  }
}

const DEFAULT_ROUTE = '0.0.0.0/0'

/** Refuses two routes to one destination: it would depend on the client which one it uses. */
function checkDestinations(all: readonly string[]): void {
  const twice = all.find((each, index) => all.indexOf(each) < index)
  if (twice === undefined) return
  const right = twice === DEFAULT_ROUTE ? ', where gateway_ip counts as one' : ''
  wrong('ipv4.routes', `ipv4.routes leads to ${twice} twice${right}: name one next hop for each destination`)
}

function ipv6Network(wish: Wish6): Ipv6Network {
  const prefix = networkPrefix(wish.prefix, 6, [64, 64], 'ipv6.prefix')
  if (hasNoHosts(prefix) || isLinkLocal(prefix))
    wrong('ipv6.prefix', `ipv6.prefix ${prefix} has no addresses that a router may give: choose one like fd00::/64`)
  return { prefix, mode: wish.mode, dns: (wish.dns ?? []).map((each) => hostAddress(each, 6, 'ipv6.dns')) }
}

/** Is the prefix one that no host address may be in, such as loopback or multicast? */
const hasNoHosts = (prefix: string): boolean => {
  const first = parseIp(prefix.replace(/\/.*/, ''))
  return first !== null && isNobody(first)
}

/** Is the prefix link-local? Hosts make these addresses by themselves on every link (RFC 4291, 2.5.6). */
const isLinkLocal = (prefix: string): boolean => parseIp(prefix.replace(/\/.*/, ''))?.isInSubnet(LINK_LOCAL) ?? false
const LINK_LOCAL = new Address6('fe80::/10')

/** Checks that an address is that of a host in a prefix. @throws PlugboardError `bad-request` */
export function hostIn(prefix: Prefix, text: string, field: string): string {
  const value = ipv4(text)
  const [network, broadcast] = endsOf(prefix)
  const words = `${field} ${text} is`
  if (value < network || value > broadcast)
    wrong(field, `${words} not in ${printPrefix(prefix)}: choose one of that prefix`)
  if (value === network)
    wrong(field, `${words} the address of network ${printPrefix(prefix)} itself: choose another one`)
  if (value === broadcast) wrong(field, `${words} the broadcast address of ${printPrefix(prefix)}: choose another one`)
  return text
}

function spanOf(prefix: Prefix, start: string, end: string): Ipv4Network['pool'][number] {
  const span = {
    start: hostIn(prefix, hostAddress(start, 4, 'ipv4.pool'), 'ipv4.pool'),
    end: hostIn(prefix, hostAddress(end, 4, 'ipv4.pool'), 'ipv4.pool'),
  }
  if (ipv4(span.start) > ipv4(span.end))
    wrong('ipv4.pool', `ipv4.pool ends at ${span.end}, before its start ${span.start}: turn them around`)
  return span
}

function wholeOf(prefix: Prefix): Ipv4Network['pool'][number] {
  const [network, broadcast] = endsOf(prefix)
  return { start: printIpv4(network + 1), end: printIpv4(broadcast - 1) }
}

const wrong = (field: string, detail: string): never => {
  throw new PlugboardError('bad-request', detail, { field })
}
