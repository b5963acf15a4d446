/**
 * Which claim on a VNIC wins. A hypervisor takes a VNIC from another one only when its own switch is connected and was compared:
 *
 *   - its claim is newer: the VM has migrated, it was started again elsewhere, or somebody made a mistake;
 *   - or the holder has vanished. So when a claimant vanishes, the VNIC goes back to an earlier one that still has its interface.
 *
 * A claim whose interface has no port number does not win against one that has: no rule could follow the VNIC there.
 */
import type { HypervisorId } from '../../topology/ids.ts'
import type { Binding } from '../../topology/model.ts'
import { newest } from '../core/resources/claims.ts'

/** What the winner depends on, beside the claims. */
export interface Attendance {
  /** Is the hypervisor's switch connected, and were its rules compared? */
  isReady(hypervisor: HypervisorId): boolean
  /** Has the hypervisor been without a switch for so long that another claim may win? */
  hasVanished(hypervisor: HypervisorId): boolean
}

/**
 * @param claims the oldest first
 * @param holder the hypervisor that has the VNIC now
 * @returns null: nobody claims it
 */
export function winnerOf(
  claims: readonly Binding[],
  holder: HypervisorId | undefined,
  attendance: Attendance,
): Binding | null {
  const ready = claims.filter(({ hypervisor }) => attendance.isReady(hypervisor))
  const at = claims.findIndex(({ hypervisor }) => hypervisor === holder)
  const held = claims[at]
  if (!held) return newest(ready.filter(hasNumber)) ?? newest(claims) ?? null
  const isStandingIn = attendance.hasVanished(held.hypervisor)
  const rivals = ready.filter((claim) => {
    if (claim === held) return false
    const isNewer = claims.indexOf(claim) > at
    return isNewer ? hasNumber(claim) || !hasNumber(held) : isStandingIn && hasNumber(claim)
  })
  return newest(rivals) ?? held
}

const hasNumber = ({ ofport }: Binding): boolean => ofport !== null
