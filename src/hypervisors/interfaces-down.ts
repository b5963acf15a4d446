/** Interfaces of VNICs that somebody has set down: no frame passes, though all rules are there. */
import type { Binding } from '../../topology/model.ts'
import type { Trouble } from '../core/trouble.ts'
import type { InterfaceRow, OpenVSwitch, Tables } from '../ovsdb/index.ts'

/**
 * Remembers which interfaces were up. One that was never up is not reported: it may not be ready yet, and Open vSwitch calls a
 * device down that was moved into the network namespace of a container.
 */
export class InterfacesDown {
  #wereUp: ReadonlySet<string> = new Set()

  /** The troubles of a host whose rows have changed. @param claims the VNICs that it claims */
  read(rows: Tables<OpenVSwitch>, claims: Iterable<Binding>): Trouble[] {
    const byName = new Map([...rows.Interface].map(([id, row]) => [row.name, { id, row }]))
    const wereUp = new Set<string>()
    const troubles: Trouble[] = []
    for (const claim of claims) {
      const found = byName.get(claim.interface)
      if (!found || !(this.#wereUp.has(found.id) || isUp(found.row))) continue
      wereUp.add(found.id)
      if (found.row.admin_state === 'down') troubles.push(down(claim))
    }
    this.#wereUp = wereUp
    return troubles
  }
}

const isUp = ({ admin_state: state }: InterfaceRow): boolean => state === 'up'

const down = ({ interface: name, vnicId }: Binding): Trouble => ({
  code: 'interface-down',
  message: `interface ${name} of VNIC ${vnicId} is administratively down, so no frame passes it: set it up (ip link set ${name} up)`,
  severity: 'error',
  stopped: { kind: 'interface', interface: name },
})
