/** What the core needs to know about the connected switches; `src/switches` implements it. */
import type { HypervisorId, Key } from '../../topology/ids.ts'
import type { Flow, Meter } from '../openflow/index.ts'

export interface ConnectedSwitch {
  /** The IP address that it has connected from. */
  readonly address: string
  /** The OpenFlow version on the wire. */
  readonly version: number
  /** Have the flows of the switch been compared with the desired rules since it connected? */
  readonly ready: boolean
  /** Does the switch support meters? */
  readonly hasMeters: boolean
  /** The number of rules that the switch should have. */
  readonly rules: number
  /** The number of objects whose rules have not been sent yet. */
  readonly backlog: number
  /** For each object that lacks rules it needs, what the switch did: `refused a rule: …`. */
  readonly refused: ReadonlyMap<Key, string>
  /** Reads the flows of the switch, in several parts. @throws OpenFlowError */
  dumpFlows(): AsyncIterable<readonly Flow[]>
  /** Reads the meters of the switch; an empty list if it does not support meters. @throws OpenFlowError */
  dumpMeters(): Promise<readonly Meter[]>
}

export interface ConnectedSwitches {
  get(hypervisor: HypervisorId): ConnectedSwitch | undefined
  /** For each switch that refuses something, its reasons by object. */
  readonly refusing: ReadonlyMap<HypervisorId, ReadonlyMap<Key, string>>
  /** For each hypervisor, why the last connection of its switch ended or was refused; no entry: this has not happened. */
  readonly lastError: ReadonlyMap<HypervisorId, string>
  /** Called when the hypervisor is removed: forgets what is known about it. */
  forget(hypervisor: HypervisorId): void
}
