/**
 * Engine `line`: leased lines. A VNIC of kind `line` is no Ethernet device and has no address: whatever its device sends goes
 * to a circuit of a concentrator, and back, in a GRE tunnel whose key is the circuit's number. Nobody else is on a line, so
 * there are no networks.
 *
 * @import { Attributes, Domain, Engine, EngineRules, Fabric, Fault, Hypervisor, PortService, VnicKind } from 'plugboard'
 */
import { PlugboardError } from 'plugboard'

/** The rate of a line: 2,048 or 1,544 kbit/s. Both ends must have the same. */
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
    // The same port as the one that the built-in engine remote-l2 needs for GRE, so the two share it.
    fabricPorts: ({ encapIp }) =>
      encapIp === null
        ? []
        : [{ role: GRE, kind: 'tunnel', type: 'gre', options: { remote_ip: 'flow', key: 'flow', local_ip: encapIp } }],
  }
}

/** The hypervisor's single port for GRE tunnels. */
const GRE = 'tunnel:gre'

/** @type {VnicKind} */
const lineVnic = {
  kind: 'line',
  schema: { type: 'object', properties: { signal: SIGNAL }, required: ['signal'] },
  attributes({ signal }) {
    const attributes = /** @type {Attributes} */ ({ signal })
    // The engine chooses nothing here, so the stored attributes are those of the request.
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
      // The address is stored with the port. A changed configuration applies only to new lines.
      attributes: /** @type {Attributes} */ ({ concentrator, circuit, signal, remote_ip: address }),
      // The line begins where its VNIC is. Only a port that leads out of a network names a hypervisor here.
      hypervisor: null,
      // The core makes sure that no port of any engine gets the same key with the same address.
      segment: { id: `gre/${circuit}/${address}`, partOf: `gre/${circuit}` },
    }
  },
})

/** @type {EngineRules} */
const rules = {
  alias: 'line',
  fabric: (port, here) => faultAt(here) ?? tunnel(port),
  // One kind of frame, without conditions: the device may send everything.
  guard: () => [{ may: 'pass', rank: 1, match: [], what: 'whatever its device has to say' }],
  // A line has two members: its device, and the remote end of the tunnel.
  domain: ({ id }) => [
    { priority: 1, match: [], target: { to: 'everybody' }, why: `line ${id}: what one end sends, the other gets` },
  ],
  // A line has no addresses, so it needs no rules that depend on the device.
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
 * Says why lines cannot begin on a hypervisor; undefined if they can.
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
  // If Open vSwitch has not reported that it cannot make the port, the port will be there in a moment.
  return { code: 'tunnel-missing', message: fault ?? `hypervisor ${here.id} has no GRE port yet`, pending: !fault }
}
