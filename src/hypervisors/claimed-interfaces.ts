/** Finds the VNICs that a host claims: each VNIC whose id an interface of the host carries as `iface-id`. */
import { type HypervisorId, isUuid, type VnicId } from '../../topology/ids.ts'
import type { Binding } from '../../topology/model.ts'
import type { Condition } from '../core/engine/engine.ts'
import type { InterfaceRow } from '../ovsdb/index.ts'
import { INTEGRATION_BRIDGE, ROLE_KEY } from './external-ids.ts'
import { kept } from './kept-text.ts'

/** More interfaces with one id are not named. */
const MAX_DUPLICATES = 20

/** Open vSwitch writes -1 for a port that it could not create, and nothing or 0 before it has tried. */
export const isPortNumber = (ofport: number | null): ofport is number => ofport !== null && ofport > 0

/**
 * Yields between some interfaces.
 * @param interfaces the interfaces on the integration bridge
 * @param boundTo returns the current binding of a VNIC
 * @param conditions receives a condition for each iface-id that cannot be used
 */
export function* claimsOf(
  hypervisor: HypervisorId,
  interfaces: readonly InterfaceRow[],
  boundTo: (id: VnicId) => Binding | undefined,
  conditions: Condition[],
): Generator<void, Map<VnicId, Binding>> {
  const carriers = new Map<VnicId, InterfaceRow[]>()
  for (const row of interfaces) {
    yield
    const text = row.external_ids.get('iface-id')
    if (text === undefined || !isUuid(text)) continue
    if (row.external_ids.has(ROLE_KEY)) {
      const message = `interface ${kept(row.name)} leads to the fabric and carries iface-id ${text}: clear it there, it is no VNIC's`
      conditions.push({ code: 'fabric-iface-id', message })
      continue
    }
    const rows = carriers.get(text as VnicId)
    if (rows) rows.push(row)
    else carriers.set(text as VnicId, [row])
  }
  const claims = new Map<VnicId, Binding>()
  for (const [vnicId, rows] of carriers) {
    yield
    const bound = boundTo(vnicId)
    const [best, ...others] = ranked(rows, bound?.hypervisor === hypervisor ? bound.interface : undefined)
    if (!best) continue
    const { ofport } = best
    const name = kept(best.name)
    claims.set(vnicId, {
      vnicId,
      hypervisor,
      bridge: INTEGRATION_BRIDGE,
      interface: name,
      ofport: isPortNumber(ofport) ? ofport : null,
    })
    for (const other of others.slice(0, MAX_DUPLICATES)) {
      conditions.push({
        code: 'duplicate-iface-id',
        message: `interfaces ${name} and ${kept(other.name)} both carry iface-id ${vnicId}: ${name} is bound; clear it on the other`,
      })
    }
  }
  return claims
}

/** Sorts interfaces: those with a port number first, then the bound one, then by name. */
function ranked(rows: readonly InterfaceRow[], bound: string | undefined): InterfaceRow[] {
  if (rows.length === 1) return [...rows]
  const rank = ({ name, ofport }: InterfaceRow) => (isPortNumber(ofport) ? 0 : 2) + (kept(name) === bound ? 0 : 1)
  return rows.toSorted((a, b) => rank(a) - rank(b) || (a.name < b.name ? -1 : 1))
}
