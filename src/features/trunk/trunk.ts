/**
 * `trunk` of a port: further ports, each under a tag, whose frames go through the VNIC in this one. What is asked for is checked,
 * and shown; ports of every engine that moves Ethernet frames have it.
 */
import type { Static } from 'typebox'
import type { GraphReader } from '../../../topology/graph-reader.ts'
import type { PortId } from '../../../topology/ids.ts'
import type { Port, SubPort, Vnic } from '../../../topology/model.ts'
import { recarried } from '../../../topology/stale.ts'
import type { Draft } from '../../core/draft.ts'
import type { Engine } from '../../core/engine/engine.ts'
import { ETHERNET } from '../../core/engine/offers.ts'
import { type ErrorCode, PlugboardError } from '../../core/errors.ts'
import { trunk as trunkOf } from '../../core/resources/resource-schemas.ts'

export const TRUNK = 'trunk'

/** VLAN ids that a tag may have (IEEE 802.1Q): 0 is no VLAN, 4095 is reserved. */
const LAST_VLAN = 4094

export const TrunkWish = trunkOf(
  'further ports of the project whose frames the VM has under these tags, through the VNIC in this port; the whole list, in any order',
)
export type TrunkWish = Static<typeof TrunkWish>

/** The fields of a port that belong to it. */
export function showTrunk(graph: GraphReader, engines: ReadonlyMap<string, Engine>, port: Port) {
  if (!engines.get(port.engine)?.kinds.includes(ETHERNET)) return {}
  const carrier = graph.carrierOf(port.id)
  return {
    trunk: port.trunk.map(({ vlanId, portId }) => ({ vlan_id: vlanId, port_id: portId })),
    trunk_port_id: carrier?.port.id ?? null,
    trunk_vlan_id: carrier?.tag ?? null,
  }
}

/** In the order of the tags, as a request that says the same is compared. */
export const ordered = (wish: TrunkWish): SubPort[] =>
  wish
    .map(({ vlan_id: vlanId, port_id: portId }) => ({ vlanId, portId: portId as PortId }))
    .sort((a, b) => a.vlanId - b.vlanId)

const refuse = (code: ErrorCode, detail: string): never => {
  throw new PlugboardError(code, detail, { field: TRUNK })
}

/**
 * May this port carry these?
 * @throws PlugboardError of field `trunk`
 */
export function checkTrunk(
  graph: GraphReader,
  engines: ReadonlyMap<string, Engine>,
  port: Port,
  trunk: readonly SubPort[],
) {
  if (trunk.length === 0) return
  checkEthernet(engines, port)
  const carrier = graph.carrierOf(port.id)
  if (carrier) {
    refuse('bad-request', `port ${port.id} is in the trunk of port ${carrier.port.id}: it cannot have one of its own`)
  }
  const seen = { tags: new Set<number>(), ports: new Set<PortId>([port.id]), networks: new Map([home(port)]) }
  for (const { vlanId, portId } of trunk) {
    if (vlanId < 1 || vlanId > LAST_VLAN)
      refuse('bad-request', `vlan_id ${vlanId} is none: it must be 1 to ${LAST_VLAN}`)
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
  const routed = [port, ...trunk.flatMap(({ portId }) => graph.ports.get(portId) ?? [])].filter(
    ({ engine }) => engines.get(engine)?.rules.translation,
  )
  if (routed.length > 1) {
    const those = routed.map(({ id }) => id).join(' and ')
    refuse(
      'unsupported',
      `ports ${those} have their addresses translated, which one port of a VNIC may: leave one of them`,
    )
  }
  const vnic = graph.vnicOf(port.id)
  if (vnic) checkCarried(graph, engines, vnic, trunk)
}

/** Where a port's frames are, and it itself; on its own a port is where no other is. */
const home = ({ id, networkId }: Port): [string, PortId] => [networkId ?? id, id]

function subPort(graph: GraphReader, engines: ReadonlyMap<string, Engine>, port: Port, id: PortId): Port {
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

function checkEthernet(engines: ReadonlyMap<string, Engine>, { id, engine, hypervisor }: Port): void {
  if (hypervisor !== null) {
    refuse('unsupported', `port ${id} leads to a remote site and takes no VNIC: a trunk is of ports that take VNICs`)
  }
  if (!engines.get(engine)?.kinds.includes(ETHERNET)) {
    refuse(
      'unsupported',
      `ports of engine ${engine} carry no Ethernet frames, which could have a tag: take another port`,
    )
  }
}

/**
 * May this VNIC have the frames of these ports too?
 * @throws PlugboardError `mac-in-use`, or what else their engines object to
 */
export function checkCarried(
  graph: GraphReader,
  engines: ReadonlyMap<string, Engine>,
  vnic: Vnic,
  trunk: readonly SubPort[],
): void {
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
      throw new PlugboardError(error.code, `port ${portId} of the trunk: ${error.message}`, {
        field: TRUNK,
        cause: error,
      })
    }
  }
}

/** Who carries a port is part of that port: the revision of those that a change of a trunk is about grows. */
export function touchCarried(draft: Draft, from: Port | null, to: Port | null): void {
  if (from && to && from.trunk === to.trunk) return
  const plain = { adminUp: true, rateLimit: null }
  for (const id of recarried(from && { ...from, ...plain }, to && { ...to, ...plain })) {
    const sub = draft.graph.ports.get(id)
    if (sub) draft.change({ kind: 'port', id, to: { ...sub, revision: sub.revision + 1 } })
  }
}
