/**
 * Engine `line`: leased lines. A VNIC of kind `line` is no Ethernet device and has no address: whatever its device sends goes
 * to a circuit of a concentrator, and back, in a GRE tunnel whose key is the circuit's number. Nobody else is on a line, so
 * there are no networks.
 *
 * @import { Attributes, Domain, Engine, EngineRules, Fabric, Fault, Hypervisor, PortService, VnicKind } from 'plugboard'
 */
import { PlugboardError } from 'plugboard'

/** What a line carries: 2,048 or 1,544 kbit/s. Both of its ends must be alike. */
const SIGNAL = { enum: ['e1', 't1'], description: 'what the line carries' }

/**
 * @param {{ concentrators?: Record<string, string> }} options of the configuration: the concentrators by name, with their addresses
 * @returns {Engine}
 */
export default function line({ concentrators = {} }) {
  return {
    alias: 'line',
    name: 'Leased lines',
    description: 'Lines from a device to a circuit of a concentrator: whatever one end sends, the other gets.',
    kinds: ['line'],
    rules,
    vnics: [lineVnic],
    ports: linePorts(new Map(Object.entries(concentrators))),
    checkPlug(_graph, vnic, port) {
      const [device, circuit] = [vnic.attributes.signal, port.attributes.signal]
      if (device === circuit) return
      throw new PlugboardError(
        'unsupported',
        `the port is a line for ${circuit}, and the VNIC is ${device}: take another`,
      )
    },
    judgeHost: () => [],
    // Just what the built-in engine remote-l2 wants for GRE, so that the two share one port.
    fabricPorts: ({ encapIp }) =>
      encapIp === null
        ? []
        : [{ role: GRE, kind: 'tunnel', type: 'gre', options: { remote_ip: 'flow', key: 'flow', local_ip: encapIp } }],
  }
}

/** The hypervisor's one port for GRE tunnels. */
const GRE = 'tunnel:gre'

/** @type {VnicKind} */
const lineVnic = {
  kind: 'line',
  schema: { type: 'object', properties: { signal: SIGNAL }, required: ['signal'] },
  attributes({ signal }) {
    const attributes = /** @type {Attributes} */ ({ signal })
    // Nothing is chosen here, so what is kept is what was asked for.
    return { asked: attributes, attributes }
  },
}

/**
 * @param {ReadonlyMap<string, string>} concentrators
 * @returns {PortService}
 */
const linePorts = (concentrators) => ({
  inNetworks: false,
  schema: {
    type: 'object',
    properties: {
      concentrator: { type: 'string', description: [...concentrators.keys()].join(', ') },
      circuit: { type: 'integer', minimum: 1, maximum: 0xffffffff },
      signal: SIGNAL,
    },
    required: ['concentrator', 'circuit', 'signal'],
  },
  plan(_graph, _network, { concentrator, circuit, signal }) {
    const address = concentrators.get(String(concentrator))
    if (address === undefined) {
      const all = [...concentrators.keys()].join(', ') || 'none'
      throw new PlugboardError('bad-request', `there is no concentrator "${concentrator}": there are ${all}`, {
        field: 'concentrator',
      })
    }
    return {
      // The address is kept with the port: one that changes in the configuration is for new lines.
      attributes: /** @type {Attributes} */ ({ concentrator, circuit, signal, remote_ip: address }),
      // Where its VNIC is; another hypervisor is only for ports that lead out of a network.
      hypervisor: null,
      // Nobody else, of whatever engine, gets this key towards this address; the core sees to it.
      segment: { id: `gre/${circuit}/${address}`, partOf: `gre/${circuit}` },
    }
  },
})

/** @type {EngineRules} */
const rules = {
  alias: 'line',
  fabric: (port, here) => faultAt(here) ?? tunnel(port),
  // One kind of frame, with no conditions: it may send whatever it likes.
  guard: () => [{ may: 'pass', rank: 1, match: [], what: 'whatever its device has to say' }],
  // Everybody on a line is its device, and whoever is beyond the tunnel.
  domain: ({ id }) => [
    { priority: 1, match: [], target: { to: 'everybody' }, why: `line ${id}: what one end sends, the other gets` },
  ],
  // Nothing depends on who the device is: a line has no addresses.
  member: () => [],
  remote: () => [],
}

/**
 * @param {Domain} port a domain of ours is always a port
 * @returns {Fabric}
 */
function tunnel(port) {
  const { circuit, remote_ip: remoteIp } = 'attributes' in port ? port.attributes : {}
  return { kind: 'wire', role: GRE, tunnelKey: Number(circuit), remoteIp: String(remoteIp) }
}

/**
 * Why lines cannot begin on a hypervisor, or undefined where they can.
 * @param {Hypervisor} here
 * @returns {Fault | undefined}
 */
function faultAt(here) {
  if (here.encapIp === null) {
    const message = `hypervisor ${here.id} has no address for tunnels: set external_ids:plugboard-encap-ip there`
    return { code: 'no-encap-ip', message, pending: false }
  }
  if (here.fabric[GRE] !== undefined) return undefined
  const fault = here.faults[GRE]
  // Where Open vSwitch has not said that it cannot make the port, it will be there in a moment.
  return { code: 'tunnel-missing', message: fault ?? `hypervisor ${here.id} has no GRE port yet`, pending: !fault }
}
