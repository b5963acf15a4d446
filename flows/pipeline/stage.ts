/**
 * A stage: one part of the pipeline, as a value. `compile` loops over the stages and knows none by name. The same is true of
 * the checks (`invariants.ts`) and of the docs page of the pipeline. docs/adding.md says how to add one.
 */
import type { Member } from '../engines/engine-rules.ts'
import type { FabricKind } from './fabric-kind.ts'
import type { Register } from './registers.ts'
import type { Rule } from './rule.ts'
import type {
  ArrivalScope,
  ConnectedScope,
  DomainScope,
  MemberScope,
  Path,
  RemoteScope,
  Scope,
  SiteScope,
} from './scope.ts'
import type { Table } from './table.ts'
import type { MeterSpec, VnicMeter } from './vnic-meter.ts'
import type { AllWishes, Wishes } from './wishes.ts'

/** The first table of a stage for the packets of a domain; undefined if they do not pass the stage. */
export type Entry = (scope: Scope) => number | undefined

export interface Stage {
  readonly name: string
  /** What it is for, in one sentence for the docs. */
  readonly does: string
  /** Its own tables, sorted by number. */
  readonly tables?: readonly Table[]
  /** Does it make the rules of the engines' tables? Exactly one stage does. */
  readonly hasEngineTables?: boolean
  /** Tables of other stages in which it also has rules. */
  readonly rulesIn?: readonly Table[]
  /** Its own registers. */
  readonly registers?: readonly Register[]
  /** Shared registers of other stages that its rules also write. */
  readonly writes?: readonly Register[]
  /** The meters of each VNIC that belong to this stage. */
  readonly meters?: readonly VnicMeter[]
  /** A meter that all VNICs of a switch share. Its number is below METERS_PER_VNIC, and no other stage uses it. */
  readonly sharedMeter?: MeterSpec
  /** Tables from which its rules send packets to the controller. The handler of the stage in src/packet-in gets these packets. */
  readonly punts?: readonly Table[]
  /** The kinds of ways to the fabric that it adds. */
  readonly fabrics?: readonly FabricKind[]
  /** The table at which packets enter it, for each path. */
  readonly entry?: { readonly [path in Path]?: Entry }
  readonly wishes?: Wishes

  /** The rules of a domain on a hypervisor with members. Their author is the domain. */
  domain?(scope: DomainScope): readonly Rule[]
  /** The rules of a member on its own hypervisor. The author of these and of all rules below is the port. */
  member?(scope: MemberScope): readonly Rule[]
  /** The rules of a member on its own hypervisor while its port is administratively down. */
  memberDown?(member: Member, wishes: AllWishes): readonly Rule[]
  /** The rules of a VNIC whose interface waits on a hypervisor for the end of a migration. */
  arriving?(scope: ArrivalScope): readonly Rule[]
  /** The rules of a member on another hypervisor, if that one knows the member (`Graph.knowsRemote`). */
  remote?(scope: RemoteScope): readonly Rule[]
  /** The rules of a port that leads to the remote site of its network. */
  site?(scope: SiteScope): readonly Rule[]
  /**
   * Rules that a domain shares with other domains on a hypervisor. Their author is the hypervisor, and several domains may give
   * equal ones. Called only for networks with `hypervisorRules`.
   */
  hypervisor?(scope: ConnectedScope): readonly Rule[]
  /** The rules of a hypervisor on which any domain has rules. Their author is the hypervisor. */
  occupied?(scope: Pick<Scope, 'graph' | 'here'>): readonly Rule[]
}
