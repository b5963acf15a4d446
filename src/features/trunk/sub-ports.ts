/** Which ports may be in a trunk together, and with which VNIC. */
import type { GraphReader } from '../../../topology/graph-reader.ts'
import type { PortId } from '../../../topology/ids.ts'
import type { Port, SubPort, Vnic } from '../../../topology/model.ts'
import type { Engine } from '../../core/engine/engine.ts'
import { ETHERNET } from '../../core/engine/offers.ts'
import { type ErrorCode, PlugboardError } from '../../core/errors.ts'

/** The name of the field. */
export const TRUNK = 'trunk'

/** The VLAN ids that a tag may have (IEEE 802.1Q). 0 means no VLAN, and 4095 is reserved. */
const MAX_VLAN_ID = 4094

type Engines = ReadonlyMap<string, Engine>

const refuse = (code: ErrorCode, detail: string): never => {
  throw new PlugboardError(code, detail, { field: TRUNK })
}

/** Only Ethernet frames can have a tag. */
export const carriesEthernet = (engines: Engines, { engine }: Port): boolean =>
  engines.get(engine)?.kinds.includes(ETHERNET) ?? false

/** Checks that this port may carry the ports of its trunk. @throws PlugboardError of field `trunk` */
export function checkTrunk(graph: GraphReader, engines: Engines, port: Port): void {
  const { trunk } = port
  if (trunk.length === 0) return
  checkEthernet(engines, port)
  const carrier = graph.carrierOf(port.id)
  if (carrier) {
    refuse('bad-request', `port ${port.id} is in the trunk of port ${carrier.port.id}: it cannot have one of its own`)
  }
  const seen = { tags: new Set<number>(), ports: new Set<PortId>([port.id]), networks: new Map([home(port)]) }
  for (const { vlanId, portId } of trunk) {
    if (vlanId < 1 || vlanId > MAX_VLAN_ID)
      refuse('bad-request', `vlan_id ${vlanId} is none: it must be 1 to ${MAX_VLAN_ID}`)
    if (seen.tags.has(vlanId)) refuse('bad-request', `vlan_id ${vlanId} is there twice: each port needs its own`)
    if (portId === port.id) refuse('bad-request', `port ${portId} cannot be in its own trunk: name another one`)
    if (seen.ports.has(portId)) refuse('bad-request', `port ${portId} is there twice: name it under one tag`)
    const sub = subPort(graph, engines, port, portId)
    const [network, twin] = [home(sub)[0], seen.networks.get(home(sub)[0])]
    if (twin !== undefined) {
      const detail = `ports ${twin} and ${portId} are both in network ${network}, which would have the MAC address of the VNIC twice`
      refuse('mac-in-use', `${detail}: take ports of different networks`)
    }
    seen.tags.add(vlanId)
    seen.ports.add(portId)
    seen.networks.set(...home(sub))
  }
  checkTranslated(graph, engines, port)
  const vnic = graph.vnicOf(port.id)
  if (vnic) checkCarried(graph, engines, vnic, trunk)
}

/** The network that the port's frames belong to, and the port itself. A port in no network has no other ports beside it. */
const home = ({ id, networkId }: Port): [string, PortId] => [networkId ?? id, id]

/** A VNIC has only one private address, so only one of its ports can translate it. */
function checkTranslated(graph: GraphReader, engines: Engines, port: Port): void {
  const all = [port, ...port.trunk.flatMap(({ portId }) => graph.ports.get(portId) ?? [])]
  const translated = all.filter(({ engine }) => engines.get(engine)?.rules.translation)
  if (translated.length < 2) return
  const those = translated.map(({ id }) => id).join(' and ')
  refuse(
    'unsupported',
    `ports ${those} have their addresses translated, which one port of a VNIC may: leave one of them`,
  )
}

function subPort(graph: GraphReader, engines: Engines, port: Port, id: PortId): Port {
  const sub = graph.ports.get(id)
  if (!sub || sub.project !== port.project) return refuse('not-found', `project ${port.project} has no port ${id}`)
  checkEthernet(engines, sub)
  if (sub.trunk.length > 0)
    refuse('bad-request', `port ${id} has a trunk of its own: it cannot be in one, so take another`)
  const vnic = graph.vnicOf(id)
  if (vnic) refuse('port-in-use', `VNIC ${vnic.id} is plugged into port ${id}: unplug it first, or take another port`)
  const carrier = graph.carrierOf(id)
  if (carrier && carrier.port.id !== port.id) {
    refuse('port-in-use', `port ${id} is in the trunk of port ${carrier.port.id}: take it out of that one first`)
  }
  if (sub.rateLimit) {
    refuse('unsupported', `port ${id} has a rate limit, and a trunk has one as a whole: limit port ${port.id} instead`)
  }
  return sub
}

function checkEthernet(engines: Engines, port: Port): void {
  const { id, engine, hypervisor } = port
  if (hypervisor !== null) {
    refuse('unsupported', `port ${id} leads to a remote site and takes no VNIC: a trunk is of ports that take VNICs`)
  }
  if (!carriesEthernet(engines, port)) {
    refuse(
      'unsupported',
      `ports of engine ${engine} carry no Ethernet frames, which could have a tag: take another port`,
    )
  }
}

/**
 * Checks that this VNIC may have the frames of these ports, too.
 * @throws PlugboardError `mac-in-use`, or another error of the ports' engines
 */
export function checkCarried(graph: GraphReader, engines: Engines, vnic: Vnic, trunk: readonly SubPort[]): void {
  for (const { portId } of trunk) {
    const sub = graph.ports.get(portId)
    const engine = sub && engines.get(sub.engine)
    if (!engine) continue
    if (!engine.kinds.includes(vnic.kind)) {
      const right = `ports of engine ${engine.alias} take VNICs of kind ${engine.kinds.join(', ')}`
      refuse('unsupported', `port ${portId} of the trunk cannot go with VNIC ${vnic.id} of kind ${vnic.kind}: ${right}`)
    }
    try {
      engine.checkPlug(graph, vnic, sub)
    } catch (error) {
      if (!(error instanceof PlugboardError)) throw error
      const detail = `port ${portId} of the trunk: ${error.message}`
      throw new PlugboardError(error.code, detail, { field: TRUNK, cause: error })
    }
  }
}
