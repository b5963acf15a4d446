/**
 * Which traffic of a network or standalone port the troubles of hypervisors stop. On a physical network, a hypervisor with a
 * broken uplink reaches nobody. On an overlay, each pair of hypervisors has a tunnel of its own, so a VNIC may still reach some.
 */
import { fabricAt } from '../../flows/compile.ts'
import type { Domain, Fabric } from '../../flows/engines/engine-rules.ts'
import { sameFamily } from '../../flows/pipeline/tunnel.ts'
import type { HypervisorId, Key } from '../../topology/ids.ts'
import type { Hypervisor, Port } from '../../topology/model.ts'
import type { Stopped, Trouble } from '../core/trouble.ts'
import type { Obstacle } from './obstacles.ts'
import type { StatusView } from './status-view.ts'

/** How far the traffic of a port passes. */
export interface Passage {
  /** Present if it reaches nobody on other hypervisors, or if its rules are not in force. */
  readonly obstacle?: Obstacle
  /** Present if it reaches some of the other hypervisors with members of its network: which ones it does not, in words. */
  readonly losses?: string
}

const FREE: Passage = {}

/** @param where the hypervisor that the port is on, or migrates to */
export function passage(view: StatusView, where: HypervisorId, domain: Domain, port: Port): Passage {
  if (!view.troubles.any) return FREE
  const here = view.graph.hypervisors.get(where)
  const fabric = here && fabricAt(view.engines, domain, here)
  if (!fabric) return FREE
  for (const trouble of view.troubles.of(where)) {
    const { stopped } = trouble
    if (
      stopped.kind === 'interface'
        ? stopped.interface === interfaceOf(view, port, where)
        : isStopped(stopped, fabric, [port.key, domain.key])
    )
      return { obstacle: error(where, trouble) }
  }
  const { peers, alive, lost } = reach(view, here, domain, fabric)
  const [first] = lost
  if (!first) return FREE
  const { at, trouble } = first
  // Nothing is wrong here if all others are away: their own VNICs wait.
  if (alive > 0 && lost.filter(({ isAlive }) => isAlive).length === alive) return { obstacle: error(at, trouble) }
  const reached = `reaches ${peers - lost.length} of the ${peers} other hypervisors of its network`
  return { losses: `${reached}: ${wordsOf(at, trouble)}` }
}

const error = (where: HypervisorId, trouble: Trouble): Obstacle => ({
  status: 'error',
  detail: wordsOf(where, trouble),
})

const wordsOf = (where: HypervisorId, { message }: Trouble): string => `hypervisor ${where}: ${message}`

/** The interface of a port on a hypervisor, if it has one there. */
function interfaceOf({ graph }: StatusView, port: Port, where: HypervisorId): string | undefined {
  const placement = graph.placement(port.id)
  const binding = placement?.vnic ? graph.bindings.get(placement.vnic.id) : undefined
  return binding?.hypervisor === where ? binding.interface : undefined
}

/** Does nothing of an object leave by this way? */
function isStopped(stopped: Stopped, { kind, role }: Fabric, objects: readonly Key[]): boolean {
  switch (stopped.kind) {
    case 'role':
      return stopped.role === role
    case 'tunnels':
      return role.startsWith('tunnel:')
    case 'overlays':
      return kind === 'overlay'
    case 'objects':
      return objects.some((key) => stopped.objects.has(key))
    case 'peer':
    case 'family':
    case 'interface':
    case 'nothing':
      return false
  }
}

interface Reach {
  /** The number of other hypervisors with members. */
  readonly peers: number
  /** The number of those whose switch is connected. */
  readonly alive: number
  /** Those of them that cannot be reached. */
  readonly lost: readonly Loss[]
}

interface Loss {
  readonly isAlive: boolean
  /** The hypervisor that has the trouble, one of the two. */
  readonly at: HypervisorId
  readonly trouble: Trouble
}

function reach({ graph, switches, troubles }: StatusView, here: Hypervisor, domain: Domain, fabric: Fabric): Reach {
  if (fabric.kind !== 'overlay' || !('segment' in domain)) return { peers: 0, alive: 0, lost: [] }
  const own = troubles.of(here.id)
  const lost: Loss[] = []
  let [peers, alive] = [0, 0]
  for (const [id, ports] of graph.members(domain.id).entries()) {
    const peer = graph.hypervisors.get(id)
    // A port that is only expected there is no member yet.
    if (!peer || id === here.id || ![...ports].some((port) => graph.placement(port)?.hypervisor === id)) continue
    const isAlive = switches.get(id) !== undefined
    peers += 1
    if (isAlive) alive += 1
    const ours = own.find(({ stopped }) => isLost(stopped, fabric, here, peer))
    const theirs = ours ?? troubles.of(id).find(({ stopped }) => isLost(stopped, fabric, peer, here))
    if (theirs) lost.push({ isAlive, at: ours ? here.id : id, trouble: theirs })
  }
  return { peers, alive, lost }
}

/** Does what stops traffic at one end of a tunnel stop the tunnel to the other end? */
function isLost(
  stopped: Stopped,
  fabric: Fabric,
  { encapIp: one }: Hypervisor,
  { id, encapIp: other }: Hypervisor,
): boolean {
  if (stopped.kind === 'peer') return stopped.peer === id && stopped.role === fabric.role
  if (stopped.kind === 'family') return one !== null && other !== null && !sameFamily(one, other)
  return isStopped(stopped, fabric, [])
}
