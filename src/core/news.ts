/**
 * What operations do to resources, as events: staged before the commit, in the words that hold right after it, so that they
 * are durable with it. What the switches make of it follows as `vnic.status` and `port.status`.
 */
import type { Graph } from '../../topology/graph.ts'
import type { NetworkId, PortId, VnicId } from '../../topology/ids.ts'
import type { Network, Port, Vnic } from '../../topology/model.ts'
import { recarried } from '../../topology/stale.ts'
import type { StatusBoard } from '../status/vnic-status.ts'
import type { Draft } from './draft.ts'
import type { Events } from './events.ts'
import type { Committed, Step } from './journal.ts'
import type { Event } from './operations.ts'
import type { Presenter } from './present.ts'

interface Context {
  readonly graph: Graph
  readonly board: StatusBoard
  readonly present: Presenter
  readonly events: Events
}

export class ResourceEvents {
  readonly #context: Context
  readonly #staged = new WeakMap<Committed, number[]>()

  constructor(context: Context) {
    this.#context = context
  }

  /** Before the commit of an operation. */
  stage(draft: Draft, committed: Committed): void {
    const touched = {
      own: touchedVnics(this.#context.graph, committed.steps),
      migration: migratingVnics(committed.steps),
      carried: touchedCarried(this.#context.graph, committed.steps),
    }
    const ids: number[] = []
    for (const { kind, from, to } of changesOf(committed.steps)) {
      const what = from === null ? 'created' : to === null ? 'deleted' : 'updated'
      const node = to ?? from
      if (!node || (what === 'updated' && from?.revision === to?.revision)) continue
      const data = to ? this.#now(kind, from, to, touched) : this.#last(kind, node)
      ids.push(this.#context.events.stage(draft, `${kind}.${what}`, data))
    }
    this.#staged.set(committed, ids)
  }

  /** The commit was made, or failed. */
  settle(committed: Committed): void {
    this.#context.events.settle(this.#staged.get(committed) ?? [])
  }

  /** The standing of a VNIC has changed. */
  vnic(id: VnicId): void {
    const vnic = this.#context.graph.vnics.get(id)
    if (vnic) this.#context.events.emit('vnic.status', this.#context.present.vnic(vnic))
  }

  port(id: PortId): void {
    const port = this.#context.graph.ports.get(id)
    if (port) this.#context.events.emit('port.status', this.#context.present.port(port))
  }

  #now(kind: Kind, from: Node | null, node: Node, touched: Touched): Event['data'] {
    const { board, present } = this.#context
    const of = (vnic: Vnic) =>
      board.foresee(vnic, {
        ...(touched.own.has(vnic.id) ? { own: true } : {}),
        ...(touched.migration.has(vnic.id) ? { migration: true } : {}),
      })
    if (kind === 'network') return present.network(node as Network)
    if (kind === 'port') {
      const port = node as Port
      return present.port(
        port,
        isNewSite(from as Port | null, port)
          ? board.foreseeSite(port)
          : board.port(port.id, of, touched.carried.has(port.id) || undefined),
      )
    }
    return present.vnic(node as Vnic, of(node as Vnic))
  }

  /** A resource that is no more: in nothing, and nothing in it. */
  #last(kind: Kind, node: Node): Event['data'] {
    const { present } = this.#context
    if (kind === 'network') return present.network(node as Network)
    if (kind === 'port') return present.port(node as Port, { status: 'down' })
    return present.vnic({ ...(node as Vnic), portId: null }, { status: 'unplugged' })
  }
}

interface Touched {
  readonly own: ReadonlySet<VnicId>
  readonly migration: ReadonlySet<VnicId>
  readonly carried: ReadonlySet<PortId>
}

type Kind = 'network' | 'port' | 'vnic'
type Node = Network | Port | Vnic

/** Each resource that the steps change: as it was before all of them, and as it is after. */
function changesOf(steps: readonly Step[]) {
  const changes = new Map<NetworkId | PortId | VnicId, { kind: Kind; from: Node | null; to: Node | null }>()
  for (const { change, undo } of steps) {
    if (change.kind !== 'network' && change.kind !== 'port' && change.kind !== 'vnic') continue
    const earlier = changes.get(change.id)
    if (earlier) earlier.to = change.to
    else changes.set(change.id, { kind: change.kind, from: undo.to as Node | null, to: change.to })
  }
  return changes.values()
}

/** Does the change of a port that leads to a remote site bring rules? */
export const isNewSite = (from: Port | null, to: Port): boolean =>
  to.hypervisor !== null && (from?.adminUp ?? false) !== to.adminUp

/** The VNICs that an operation itself changes, destroyed ones too; others whose rules it touches stay as they are. */
export function touchedVnics(graph: Graph, steps: readonly Step[]): Set<VnicId> {
  const touched = new Set<VnicId>()
  for (const { change, undo } of steps) {
    if (change.kind === 'vnic' && undo.kind === 'vnic') {
      if ((change.to?.portId ?? null) !== (undo.to?.portId ?? null)) touched.add(change.id)
    } else if (change.kind === 'binding') touched.add(change.id)
    else if (change.kind === 'port' && undo.kind === 'port' && change.to?.adminUp !== undo.to?.adminUp) {
      const vnic = graph.vnicOf(change.id)
      if (vnic) touched.add(vnic.id)
    }
  }
  return touched
}

/** The ports of trunks that an operation itself changes: it puts them in or takes them out, or sets them up or down. */
export function touchedCarried(graph: Graph, steps: readonly Step[]): Set<PortId> {
  const touched = new Set<PortId>()
  for (const { change, undo } of steps) {
    if (change.kind !== 'port' || undo.kind !== 'port') continue
    for (const id of recarried(undo.to, change.to)) touched.add(id)
    if (change.to && change.to.adminUp !== undo.to?.adminUp && graph.carrierOf(change.id)) touched.add(change.id)
  }
  return touched
}

/** The VNICs for which an operation has something prepared, or taken away, at another hypervisor. */
export function migratingVnics(steps: readonly Step[]): Set<VnicId> {
  const migrating = new Set<VnicId>()
  for (const { change, undo } of steps) {
    if (change.kind !== 'vnic' || undo.kind !== 'vnic') continue
    if ((change.to?.migratesTo ?? null) !== (undo.to?.migratesTo ?? null)) migrating.add(change.id)
  }
  return migrating
}
