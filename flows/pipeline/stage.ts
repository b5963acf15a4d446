/**
 * A stage: one part of the pipeline as a value. `compile` loops over the stages and knows none by name; so do the checks
 * (`invariants.ts`) and the docs page of the pipeline. docs/adding.md says how to add one.
 */
import type { Member } from '../engines/engine-rules.ts'
import type { FabricKind } from './fabric-kind.ts'
import type { Register } from './registers.ts'
import type { Rule } from './rule.ts'
import type { ConnectedScope, DomainScope, MemberScope, Path, RemoteScope, Scope, SiteScope } from './scope.ts'
import type { Table } from './table.ts'
import type { VnicMeter } from './vnic-meter.ts'
import type { AllWishes, Wishes } from './wishes.ts'

/** The first table of a stage for the packets of a domain; undefined: they do not pass the stage. */
export type Entry = (scope: Scope) => number | undefined

export interface Stage {
  readonly name: string
  /** What it is for, in a sentence of the docs. */
  readonly does: string
  /** Its own tables, in the order of their numbers. */
  readonly tables?: readonly Table[]
  /** Does it make the rules of the engines' tables? One stage does. */
  readonly hasEngineTables?: boolean
  /** Tables of other stages in which it has rules, too. */
  readonly rulesIn?: readonly Table[]
  /** Its own registers. */
  readonly registers?: readonly Register[]
  /** Shared registers of other stages that its rules write, too. */
  readonly writes?: readonly Register[]
  /** The meters of each VNIC that are its own. */
  readonly meters?: readonly VnicMeter[]
  /** Tables from which its rules send packets to the controller. The packets are for its handler in src/packet-in. */
  readonly punts?: readonly Table[]
  /** The kinds of ways to the fabric that it brings. */
  readonly fabrics?: readonly FabricKind[]
  /** Where packets enter it, by the path that they are on. */
  readonly entry?: { readonly [path in Path]?: Entry }
  readonly wishes?: Wishes

  /** Rules of a domain on a hypervisor with members. Their author is the domain. */
  domain?(scope: DomainScope): readonly Rule[]
  /** Rules of a member on its own hypervisor. Their author is the port, as with all rules below. */
  member?(scope: MemberScope): readonly Rule[]
  /** Rules of a member on its own hypervisor while its port is administratively down. */
  memberDown?(member: Member, wishes: AllWishes): readonly Rule[]
  /** Rules of a member on another hypervisor, where that one knows of it (`Graph.knowsRemote`). */
  remote?(scope: RemoteScope): readonly Rule[]
  /** Rules of a port that leads to the remote site of its network. */
  site?(scope: SiteScope): readonly Rule[]
  /**
   * Rules that a domain shares with others on a hypervisor. Their author is the hypervisor, and several domains may give the same
   * ones. Asked only for networks with `hypervisorRules`.
   */
  hypervisor?(scope: ConnectedScope): readonly Rule[]
}
