/**
 * Engine `gre`: Ethernet networks that GRE tunnels carry between the hypervisors with members. Each network has a GRE key. What
 * all Ethernet engines share comes from the package: port security, known addresses and the answers for them, networks that
 * hand out addresses by DHCP and router advertisements. So this file says only what is different: the key, and the size of
 * frames.
 *
 * @import { Engine, EngineRules } from 'plugboard'
 */
import {
  attribute,
  checkMac,
  ETHERNET,
  ethernetNetworks,
  floodLimit,
  overlayRules,
  PlugboardError,
  Pool,
  tunnelFault,
  tunnelPort,
  tunnelRole,
} from 'plugboard'

/** Octets of the headers in front of an inner packet: outer IP, GRE with a key, and the inner Ethernet header. */
const HEADERS_OCTETS = { ipv4: 20 + 8 + 14, ipv6: 40 + 8 + 14 }

/** The most octets of datapath actions for the copy of a flood to one peer. */
const COPY = { ipv4: 84, ipv6: 104 }

/**
 * @param {{ first?: number, last?: number, underlayMtu?: number }} options of the configuration: the keys that networks are
 *   given, and the largest IP packet between the hypervisors
 * @returns {Engine}
 */
export default function gre({ first = 1, last = 0xffffffff, underlayMtu = 1500 }) {
  const pool = new Pool('gre', [{ first, last }])
  return {
    alias: 'gre',
    name: 'GRE',
    description: 'Each network is a key of GRE, carried between the hypervisors that have members.',
    kinds: [ETHERNET],
    rules,
    ...ethernetNetworks({
      mesh: true,
      segment: {
        type: 'object',
        properties: { key: { type: 'integer', minimum: 1, maximum: 0xffffffff, description: 'of the tunnels' } },
      },
      plan(graph, asked) {
        const key = /** @type {number | undefined} */ (asked?.key)
        if (key !== undefined) pool.claim(graph, key, `key ${key} of gre`)
        const chosen = key ?? pool.allocate(graph)
        if (chosen !== undefined) return { segment: { key: chosen }, segmentId: pool.idOf(chosen) }
        throw new PlugboardError('segments-exhausted', `no key of ${pool.words} is free: destroy a network`)
      },
      mtu: (graph) => underlayMtu - (graph.hasIpv6Tunnels ? HEADERS_OCTETS.ipv6 : HEADERS_OCTETS.ipv4),
      limits: (graph, { id }) => floodLimit(graph, id, graph.hasIpv6Tunnels ? COPY.ipv6 : COPY.ipv4),
    }),
    checkPlug: checkMac,
    judgeHost: () => [],
    fabricPorts: ({ encapIp }) => (encapIp === null ? [] : [tunnelPort('gre', encapIp)]),
  }
}

/** @type {EngineRules} */
const rules = {
  ...overlayRules('gre'),
  fabric: (network, here) =>
    tunnelFault('gre', here) ?? {
      kind: 'overlay',
      role: tunnelRole('gre'),
      tunnelKey: attribute(network, 'key', 'number'),
    },
}
