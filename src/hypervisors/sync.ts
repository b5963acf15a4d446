/**
 * The hosts that have joined, by system-id: each one's OVSDB replica is read whenever it changes, what it says goes into the
 * graph (the last known is durable), and what the host lacks is written into its OVSDB.
 */
import type { Logger } from 'pino'
import type { Graph } from '../../topology/graph.ts'
import { type HypervisorId, isOpaque, type VnicId } from '../../topology/ids.ts'
import type { Binding, Hypervisor } from '../../topology/model.ts'
import type { Draft } from '../core/draft.ts'
import type { Condition, Engine } from '../core/engine/engine.ts'
import type { Journal } from '../core/journal.ts'
import { arrived } from '../core/resources/migration.ts'
import { Timers } from '../core/timers.ts'
import { type Connection, type OpenVSwitch, openVSwitch, type Replica, replicate } from '../ovsdb/index.ts'
import { BindingClaims, same } from './bindings.ts'
import { conditionsOf } from './conditions.ts'
import { fabricPortsOf } from './fabric-ports.ts'
import { type Facts, type Reading, read } from './facts.ts'
import { provision } from './provision.ts'

interface Context {
  readonly graph: Graph
  readonly journal: Journal
  readonly engines: ReadonlyMap<string, Engine>
  readonly log: Logger
  /** Where a switch that reached us over this connection finds our OpenFlow listener: `tcp:ADDRESS:PORT`. */
  controllerFor(connection: Connection): string
}

interface Host {
  readonly connection: Connection
  readonly replica: Replica<OpenVSwitch>
  /** What it said last, once that was worked in. */
  reading: Reading | null
  lastError: string | null
  /** Is a pass over the rows under way, and another one due after it? */
  busy: boolean
  due: boolean
}

/** After a failure, the rows are read again after this time, milliseconds. */
const RETRY = 1_000

export class HypervisorSync {
  readonly #context: Context
  readonly #claims = new BindingClaims()
  readonly #hosts = new Map<HypervisorId, Host>()
  /** Hypervisors that have told all they have at least once since the controller started. */
  readonly #heard = new Set<HypervisorId>()
  readonly #lastErrors = new Map<HypervisorId, string>()
  readonly #timers = new Timers()
  /** VNICs whose claims are to be settled later. */
  readonly #resettling = new Set<VnicId>()
  /** Hosts that were refused since they have no system-id. */
  refused = 0

  constructor(context: Context) {
    this.#context = context
    for (const binding of context.graph.bindings.values()) this.#claims.remember(binding)
  }

  /** Number of hosts that are connected. */
  get size(): number {
    return this.#hosts.size
  }

  connected(id: HypervisorId): boolean {
    return this.#hosts.has(id)
  }

  /** Judged when asked for: a VNIC made since, or a claim of another host, may have mended what was wrong. */
  conditions(id: HypervisorId): readonly Condition[] {
    const host = this.#hosts.get(id)
    if (!host?.reading) return []
    const { graph, engines } = this.#context
    const twin = this.#sameDatapath(id, host.reading)
    return conditionsOf(id, host.replica.tables, host.reading, { graph, engines: [...engines.values()], twin })
  }

  lastError(id: HypervisorId): string | null {
    return this.#hosts.get(id)?.lastError ?? this.#lastErrors.get(id) ?? null
  }

  /** What a hypervisor still has of a VNIC that has gone elsewhere. */
  leftOf(vnic: VnicId, hypervisor: HypervisorId): Binding | undefined {
    return this.#claims.lost(vnic, hypervisor, this.#context.graph.bindings.get(vnic))
  }

  /** A host has connected. */
  async accept(connection: Connection): Promise<void> {
    const { log } = this.#context
    const from = `${connection.remoteAddress}:${connection.remotePort}`
    try {
      const replica = await replicate(connection, openVSwitch)
      const { systemId } = this.#read(replica)
      if (systemId === null || !isOpaque(systemId)) {
        this.refused += 1
        const words = systemId === null ? 'has no system-id' : `has "${systemId}" as system-id`
        log.error(
          { from },
          `a host that ${words} is refused: set external_ids:system-id in Open_vSwitch to 1–64 of [A-Za-z0-9._-]`,
        )
        connection.close('no system-id')
        return
      }
      this.#join(systemId as HypervisorId, connection, replica)
    } catch (error) {
      log.warn({ err: error, from }, 'a host could not be read')
      connection.close(error instanceof Error ? error.message : String(error))
    }
  }

  /** A hypervisor was taken out of service; one that is back by now is not. */
  forget(id: HypervisorId): void {
    if (this.#hosts.has(id)) return
    for (const vnic of this.#claims.forget(id)) void this.#resettle(vnic)
    this.#heard.delete(id)
    this.#lastErrors.delete(id)
  }

  close(reason: string): void {
    this.#timers.clear()
    for (const { connection } of this.#hosts.values()) connection.close(reason)
  }

  #join(id: HypervisorId, connection: Connection, replica: Replica<OpenVSwitch>): void {
    const { log } = this.#context
    this.#hosts.get(id)?.connection.close('a host with the same system-id has connected')
    const host: Host = { connection, replica, reading: null, lastError: null, busy: false, due: false }
    this.#hosts.set(id, host)
    log.info({ hypervisor: id, from: connection.remoteAddress }, 'hypervisor joined')
    replica.onUpdate(() => void this.#pass(id, host))
    void connection.closed.then(({ reason }) => {
      log.warn({ hypervisor: id, reason }, "hypervisor's OVSDB connection ended")
      if (this.#hosts.get(id) !== host) return
      this.#hosts.delete(id)
      this.#lastErrors.set(id, reason)
    })
    void this.#pass(id, host)
  }

  /** Read the rows, put what they say into the graph, and write what the host lacks; once at a time. */
  async #pass(id: HypervisorId, host: Host): Promise<void> {
    host.due = true
    if (host.busy) return
    host.busy = true
    while (host.due && this.#hosts.get(id) === host) {
      host.due = false
      const reading = this.#read(host.replica)
      if (reading.systemId !== id) {
        host.connection.close(`its system-id is ${reading.systemId ?? 'gone'} now`)
        break
      }
      try {
        await this.#see(id, reading)
        this.#heard.add(id)
        host.reading = reading
        await this.#provide(id, host, reading)
        host.lastError = null
      } catch (error) {
        host.lastError = error instanceof Error ? error.message : String(error)
        this.#context.log.error(
          { err: error, hypervisor: id },
          'what the hypervisor says could not be worked in: tried again',
        )
        this.#timers.later(() => void this.#pass(id, host), RETRY)
        break
      }
    }
    host.busy = false
  }

  #read(replica: Replica<OpenVSwitch>): Reading {
    return read(replica.tables, (vnic) => this.#context.graph.bindings.get(vnic))
  }

  /** Whose datapath id is it already? A switch is known by it, so the one who comes later gets another. */
  #sameDatapath(id: HypervisorId, { facts: { datapathId } }: Reading): HypervisorId | undefined {
    if (datapathId === null) return undefined
    for (const other of this.#context.graph.hypervisors.values()) {
      if (other.datapathId === datapathId && other.id !== id) return other.id
    }
    return undefined
  }

  /** What it says goes into the graph; told the same again, nothing does, unless the last time did not come that far. */
  async #see(id: HypervisorId, reading: Reading): Promise<void> {
    const { graph, journal } = this.#context
    const { bindings } = reading
    const facts = this.#sameDatapath(id, reading) ? { ...reading.facts, datapathId: null } : reading.facts
    const first = !this.#heard.has(id)
    const expected = (vnic: VnicId) => graph.vnics.get(vnic)?.migratesTo === id
    const changed = this.#claims.update(id, bindings, first, expected)
    const unsettled = () => new Set([...changed, ...this.#unsettled(id, bindings)])
    const known = graph.hypervisors.get(id)
    if (known && sameFacts(known, facts) && unsettled().size === 0) return
    await journal.write((draft) => {
      const before = draft.graph.hypervisors.get(id)
      if (!before || !sameFacts(before, facts)) {
        const key = before?.key ?? draft.nextKey()
        draft.change({ kind: 'hypervisor', id, to: { id, key, ...facts } satisfies Hypervisor })
      }
      this.#settle(draft, unsettled())
    })
  }

  /** VNICs whose binding is not what this hypervisor, which has them or would have them, says. */
  *#unsettled(id: HypervisorId, bindings: ReadonlyMap<VnicId, Binding>): Generator<VnicId> {
    const { graph } = this.#context
    for (const [vnic, binding] of bindings) {
      const now = graph.bindings.get(vnic)
      if (!now || !same(now, binding)) yield vnic
    }
    for (const vnic of graph.vnicsOnHypervisor.get(id)) if (!bindings.has(vnic)) yield vnic
  }

  /** Let the winner of each claim have the VNIC: releases first, so that no port number is ever two interfaces' own. */
  #settle(draft: Draft, affected: Iterable<VnicId>): void {
    const binds: Array<{ readonly binding: Binding; readonly was: Binding | undefined }> = []
    for (const vnic of affected) {
      const now = draft.graph.bindings.get(vnic)
      const { binding, newerFrom } = this.#claims.winner(vnic, now)
      if (newerFrom !== undefined) this.#resettleAt(vnic, newerFrom)
      if (now && binding && same(now, binding)) continue
      if (now) draft.change({ kind: 'binding', id: vnic, to: null })
      if (binding) binds.push({ binding, was: now })
      if (now && binding && now.hypervisor !== binding.hypervisor) this.#tellMove(now, binding)
    }
    for (const { binding, was } of binds) {
      arrived(draft, binding, was)
      draft.change({ kind: 'binding', id: binding.vnicId, to: binding })
    }
  }

  #tellMove({ vnicId: vnic, hypervisor: from }: Binding, { hypervisor: to }: Binding): void {
    const { graph, log } = this.#context
    if (graph.vnics.get(vnic)?.migratesTo === to) log.info({ vnic, from, to }, 'the VNIC has migrated')
    else log.warn({ vnic, from, to }, 'another hypervisor claims the VNIC: the newest claim wins')
  }

  #resettleAt(vnic: VnicId, time: number): void {
    if (this.#resettling.has(vnic)) return
    this.#resettling.add(vnic)
    this.#timers.later(() => {
      this.#resettling.delete(vnic)
      void this.#resettle(vnic)
    }, time - performance.now())
  }

  async #resettle(vnic: VnicId): Promise<void> {
    try {
      await this.#context.journal.write((draft) => this.#settle(draft, [vnic]))
    } catch (error) {
      this.#context.log.error({ err: error, vnic }, 'a claim could not be settled: tried again')
      this.#resettleAt(vnic, performance.now() + RETRY)
    }
  }

  async #provide(id: HypervisorId, host: Host, reading: Reading): Promise<void> {
    const { engines, controllerFor, log } = this.#context
    const operations = provision(host.replica.tables, {
      systemId: id,
      datapathIdTaken: this.#sameDatapath(id, reading) !== undefined,
      datapathType: reading.datapathType,
      controller: controllerFor(host.connection),
      fabric: fabricPortsOf(engines.values(), reading).ports,
    })
    if (operations.length === 0) return
    log.info({ hypervisor: id, operations: operations.length }, "writing the hypervisor's OVSDB")
    await host.connection.transact(openVSwitch.name, operations)
  }
}

const sameFacts = (a: Facts, b: Facts): boolean =>
  a.hostname === b.hostname &&
  a.datapathId === b.datapathId &&
  a.ovsVersion === b.ovsVersion &&
  a.encapIp === b.encapIp &&
  sameRecord(a.bridgeMappings, b.bridgeMappings) &&
  sameRecord(a.fabric, b.fabric) &&
  sameRecord(a.faults, b.faults)

function sameRecord<V>(a: Readonly<Record<string, V>>, b: Readonly<Record<string, V>>): boolean {
  const keys = Object.keys(a)
  return keys.length === Object.keys(b).length && keys.every((key) => a[key] === b[key])
}
