/** What the core asks of the switches that are connected; `src/switches` answers. */
import type { HypervisorId, Key } from '../../topology/ids.ts'
import type { Flow, Meter } from '../openflow/index.ts'

export interface ConnectedSwitch {
  /** The OpenFlow version on the wire. */
  readonly version: number
  /** Has it been compared with the desired rules since it connected? */
  readonly ready: boolean
  /** Number of rules that it should have. */
  readonly rules: number
  /** Number of objects whose rules are yet to be sent. */
  readonly backlog: number
  /** Objects without the rules that they need, and what the switch did: `refused a rule: …`. */
  readonly refused: ReadonlyMap<Key, string>
  /** The flows that the switch has, in parts. @throws OpenFlowError */
  dumpFlows(): AsyncIterable<readonly Flow[]>
  /** The meters that the switch has; none where it knows no meters. @throws OpenFlowError */
  dumpMeters(): Promise<readonly Meter[]>
}

export interface ConnectedSwitches {
  get(hypervisor: HypervisorId): ConnectedSwitch | undefined
  /** The switches that refuse something, and what they said, by object. */
  readonly refusing: ReadonlyMap<HypervisorId, ReadonlyMap<Key, string>>
  /** Why the last connection of a hypervisor's switch ended, or was refused; undefined: it never was. */
  readonly lastError: ReadonlyMap<HypervisorId, string>
  /** The hypervisor is taken out of service. */
  forget(hypervisor: HypervisorId): void
}
