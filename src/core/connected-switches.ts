/** What the core needs to know about the connected switches; `src/switches` implements it. */
import type { HypervisorId, Key, VnicId } from '../../topology/ids.ts'
import type { Flow, Meter } from '../openflow/index.ts'

/** A rule of Plugboard that the store does not know, because it was loaded from a dump that is older. */
export interface HeldRule {
  readonly flow: Flow
  /** The live VNIC that it is for, as far as its hypervisor has shown it by now; null: it is not known. */
  vnic(): VnicId | null
}

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
  /** The rules that it would lose. While there are any, nothing is changed there. */
  readonly held: readonly HeldRule[]
  /** Compares the switch again, if rules are held. Resolves when it has only wanted rules, or when its connection ends. */
  comparedAgain(): Promise<void>
  /** Reads the flows of the switch, in several parts. @throws OpenFlowError */
  dumpFlows(): AsyncIterable<readonly Flow[]>
  /** Reads the meters of the switch; an empty list if it does not support meters. @throws OpenFlowError */
  dumpMeters(): Promise<readonly Meter[]>
}

/** What decides about hosts needs beside that: switches that no served hypervisor has are waiting. */
export interface Switchboard extends ConnectedSwitches {
  /** Serves the switch of a hypervisor from now on, if it is waiting. If it has held rules, they are reviewed again. */
  admit(hypervisor: HypervisorId): void
  /** Ends the connection of a hypervisor's switch. */
  dismiss(hypervisor: HypervisorId, reason: string): void
  /** Has a waiting switch rules of Plugboard? undefined: it is not there, or does not say. */
  hasRules(datapathId: string): Promise<boolean | undefined>
  /** The IP address of a switch, whether it is served or waiting. */
  addressOf(datapathId: string): string | undefined
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
