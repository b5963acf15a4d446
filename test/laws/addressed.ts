/**
 * Random sequences of changes in which some networks hand out addresses, some ports may send as addresses of others, and some
 * switches may keep cached decisions.
 */
import type { Change } from '../../topology/change.ts'
import type { Attributes } from '../../topology/model.ts'
import { hypervisorId, networkId } from '../support/nodes.ts'
import { scenario } from './scenario.ts'

/** Some networks, on tunnels and on a VLAN, hand out addresses, which their ports have. */
export const addressed = scenario.map((steps) => steps.map((changes) => changes.map(handOut)))

const ADDRESSING = new Map<string, Attributes>([
  [networkId(2), addressing('10.9.0.1', 'slaac')],
  [networkId(4), addressing(null, 'dhcpv6-stateless')],
])

function addressing(gateway: string | null, mode: string): Attributes {
  const ipv4 = { prefix: '10.9.0.0/24', gateway_ip: gateway, dns: [], routes: [], pool: [] }
  return { ipv4, ipv6: { prefix: 'fd09::/64', mode, dns: [] } }
}

function handOut(change: Change): Change {
  if (change.kind === 'network' && change.to) {
    return { ...change, to: { ...change.to, attributes: ADDRESSING.get(change.id) ?? {} } }
  }
  if (change.kind === 'hypervisor' && change.to) {
    return { ...change, to: { ...change.to, keepsDecisions: change.id !== hypervisorId(0) } }
  }
  if (change.kind !== 'port' || !change.to || change.to.hypervisor !== null) return change
  if (!ADDRESSING.has(change.to.networkId ?? '')) return change
  const { to } = change
  // Ports that get frames to unknown addresses may also send as addresses of others, as routers do.
  const pairs = [{ ip_prefix: `10.9.0.${(to.key + 7) % 200}` }, { ip_prefix: 'fd09::/64' }]
  const attributes = {
    ip_addresses: [`10.9.0.${to.key % 200}`],
    ...(to.floodUnknown && { allowed_address_pairs: pairs.slice(0, 1 + (to.key % 2)) }),
  }
  return { ...change, to: { ...to, borrowsAddresses: to.floodUnknown, attributes } }
}
