/**
 * The status of a VNIC. It depends on the graph, on which switches are connected, on what they refuse, on troubles of
 * hypervisors that stop its traffic, and on whether the switches have confirmed the VNIC's own latest change. Changes of other
 * objects do not affect it.
 */
import { domainOf } from '../../flows/domain-of.ts'
import type { HypervisorId } from '../../topology/ids.ts'
import type { Port, Vnic } from '../../topology/model.ts'
import { refusedClaims } from '../core/resources/claims.ts'
import { mayHold } from '../core/resources/pins.ts'
import type { Standing } from '../core/standing.ts'
import { migrationStanding } from './migration-status.ts'
import { faultAt, type Obstacle, refusalAt } from './obstacles.ts'
import type { StatusView } from './status-view.ts'
import { passage } from './stops.ts'

export function vnicStanding(view: StatusView, vnic: Vnic): Standing {
  const migration = migrationStanding(view, vnic)
  return migration ? { ...ownStanding(view, vnic), migration } : ownStanding(view, vnic)
}

/** The standing of a VNIC, without its migration. */
export function ownStanding(view: StatusView, vnic: Vnic): Standing {
  const port = vnic.portId ? view.graph.ports.get(vnic.portId) : undefined
  const outstanding = view.outstanding.vnic(vnic.id)
  return port ? attachedStanding(view, vnic, port, outstanding) : { status: outstanding ? 'unplugging' : 'unplugged' }
}

/**
 * The standing of a VNIC in one of its ports.
 * @param port the port that it is plugged into, or a sub-port in the trunk of that port
 * @param outstanding is the latest change still unconfirmed?
 */
export function attachedStanding(view: StatusView, vnic: Vnic, port: Port, outstanding: boolean): Standing {
  const binding = view.graph.bindings.get(vnic.id)
  if (!binding) {
    const nothing = `${whereNot(vnic)} an interface with its id as iface-id${refused(view, vnic)}`
    const closest = view.sightings.closest(vnic)
    return { status: 'waiting', detail: closest === undefined ? nothing : `${nothing}; ${closest}` }
  }
  const { hypervisor, interface: name, ofport } = binding
  if (ofport === null) {
    const yet = `interface ${name} on hypervisor ${hypervisor} has no port number yet`
    return { status: 'waiting', detail: view.sightings.closest(vnic) ?? yet }
  }
  const here = view.switches.get(hypervisor)
  if (!here)
    return { status: 'waiting', detail: `hypervisor ${hypervisor} is not connected${rivals(view, vnic, hypervisor)}` }
  const domain = port.adminUp ? domainOf(view.graph, port) : undefined
  const fault = (domain && faultAt(view, hypervisor, domain)) ?? refusal(view, port)
  if (fault) return fault
  const { obstacle, losses } = domain ? passage(view, hypervisor, domain, port) : {}
  if (obstacle) return obstacle
  if (!here.ready || outstanding) return { status: 'building' }
  return { status: 'active', ...(losses === undefined ? {} : { detail: losses }) }
}

const whereNot = ({ requestedHypervisor: pin }: Vnic): string =>
  pin === null ? 'no hypervisor has' : `hypervisor ${pin}, which it is pinned to, does not have`

/** More hypervisors that claim a pinned VNIC are not named. */
const MAX_REFUSED_NAMED = 3

/** The hypervisors that claim the VNIC and must not have it. */
const refused = ({ graph }: StatusView, { id }: Vnic): string =>
  refusedClaims(graph, id)
    .slice(0, MAX_REFUSED_NAMED)
    .map(
      ({ hypervisor, interface: name }) =>
        `; interface ${name} on hypervisor ${hypervisor} carries its id and is refused`,
    )
    .join('')

/** The other hypervisors that claim the VNIC and may have it, and why they do not have it. */
function rivals({ graph, switches }: StatusView, vnic: Vnic, holder: HypervisorId): string {
  const others = (graph.contests.get(vnic.id)?.claims ?? []).filter(
    ({ hypervisor }) => hypervisor !== holder && mayHold(vnic, hypervisor),
  )
  return others
    .map(
      ({ hypervisor, interface: name }) =>
        `; interface ${name} on hypervisor ${hypervisor} carries its id, too, ${
          switches.get(hypervisor)?.ready ? `and gets it if ${holder} stays away` : 'but the switch there is not ready'
        }`,
    )
    .join('')
}

/** The obstacle if any switch refuses the port's own rules, or if the port's own switch refuses the rules of its network. */
function refusal(view: StatusView, port: Port): Obstacle | undefined {
  const placement = view.graph.placement(port.id)
  if (!placement) return undefined
  const network = port.networkId === null ? undefined : view.graph.networks.get(port.networkId)
  const here = network && refusalAt(view, placement.hypervisor, network.key)
  if (here) return here
  for (const hypervisor of view.switches.refusing.keys()) {
    const elsewhere = refusalAt(view, hypervisor, port.key)
    if (elsewhere) return elsewhere
  }
  return undefined
}
