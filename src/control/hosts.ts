/**
 * The hosts that have joined, by system-id: each one's OVSDB replica is read whenever it changes, what it says goes into the
 * graph (the last known is durable), and what the host lacks is written into its OVSDB.
 */
import type { Logger } from 'pino'
import type { Graph } from '../../topology/graph.ts'
import { type HypervisorId, isOpaque, type VnicId } from '../../topology/ids.ts'
import type { Binding, Hypervisor } from '../../topology/nodes.ts'
import type { Condition, Engine } from '../engines/engine.ts'
import type { Draft } from '../engines/host.ts'
import { type Connection, type OpenVSwitch, openVSwitch, type Replica, replicate } from '../ovsdb/index.ts'
import { Claims, same } from './claims.ts'
import type { Journal } from './journal.ts'
import { missingBridges, provision } from './provision.ts'
import { type Facts, type Reading, read } from './rows.ts'

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

export class Hosts {
  readonly #context: Context
  readonly #claims = new Claims()
  readonly #hosts = new Map<HypervisorId, Host>()
  /** Hypervisors that have told all they have at least once since the controller started. */
  readonly #heard = new Set<HypervisorId>()
  readonly #lastErrors = new Map<HypervisorId, string>()
  readonly #timers = new Set<NodeJS.Timeout>()
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
    return host?.reading ? [...host.reading.conditions, ...this.#judge(id, host, host.reading)] : []
  }

  lastError(id: HypervisorId): string | null {
    return this.#hosts.get(id)?.lastError ?? this.#lastErrors.get(id) ?? null
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

  /** A hypervisor was taken out of service. */
  forget(id: HypervisorId): void {
    for (const vnic of this.#claims.forget(id)) void this.#resettle(vnic)
    this.#heard.delete(id)
    this.#lastErrors.delete(id)
  }

  close(reason: string): void {
    for (const timer of this.#timers) clearTimeout(timer)
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
        await this.#provide(id, host, reading)
        host.lastError = null
      } catch (error) {
        host.lastError = error instanceof Error ? error.message : String(error)
        this.#context.log.error(
          { err: error, hypervisor: id },
          'what the hypervisor says could not be worked in: tried again',
        )
        this.#later(() => void this.#pass(id, host), RETRY)
        break
      }
      host.reading = reading
    }
    host.busy = false
  }

  #read(replica: Replica<OpenVSwitch>): Reading {
    return read(replica.tables, (vnic) => this.#context.graph.bindings.get(vnic))
  }

  async #see(id: HypervisorId, { facts, bindings }: Reading): Promise<void> {
    const { graph, journal } = this.#context
    const affected = this.#claims.update(id, bindings, !this.#heard.has(id))
    const known = graph.hypervisors.get(id)
    const news = !known || !sameFacts(known, facts)
    if (!news && affected.size === 0) return
    await journal.write((draft) => {
      if (news) {
        const key = known?.key ?? draft.nextKey()
        draft.change({ kind: 'hypervisor', id, to: { id, key, ...facts } satisfies Hypervisor })
      }
      this.#settle(draft, affected)
    })
  }

  /** Let the winner of each claim have the VNIC: releases first, so that no port number is ever two interfaces' own. */
  #settle(draft: Draft, affected: Iterable<VnicId>): void {
    const binds: Binding[] = []
    for (const vnic of affected) {
      const now = draft.graph.bindings.get(vnic)
      const winner = this.#claims.winner(vnic, now, performance.now())
      if (winner && 'notBefore' in winner) {
        this.#later(() => void this.#resettle(vnic), winner.notBefore - performance.now())
        continue
      }
      if (now && winner && same(now, winner)) continue
      if (now) draft.change({ kind: 'binding', id: vnic, to: null })
      if (winner) binds.push(winner)
      if (now && winner && now.hypervisor !== winner.hypervisor) {
        this.#context.log.warn(
          { vnic, from: now.hypervisor, to: winner.hypervisor },
          'another hypervisor claims the VNIC: the newest claim wins',
        )
      }
    }
    for (const binding of binds) draft.change({ kind: 'binding', id: binding.vnicId, to: binding })
  }

  async #resettle(vnic: VnicId): Promise<void> {
    try {
      await this.#context.journal.write((draft) => this.#settle(draft, [vnic]))
    } catch (error) {
      this.#context.log.error({ err: error, vnic }, 'a claim could not be settled: tried again')
      this.#later(() => void this.#resettle(vnic), RETRY)
    }
  }

  async #provide(id: HypervisorId, host: Host, { facts, datapathType }: Reading): Promise<void> {
    const { engines, controllerFor, log } = this.#context
    const operations = provision(host.replica.tables, {
      systemId: id,
      datapathType,
      controller: controllerFor(host.connection),
      fabric: [...engines.values()].flatMap((engine) => engine.fabricPorts(facts)),
    })
    if (operations.length === 0) return
    log.info({ hypervisor: id, operations: operations.length }, "writing the hypervisor's OVSDB")
    await host.connection.transact(openVSwitch.name, operations)
  }

  /** What an operator should know, beyond what the rows themselves say. */
  #judge(id: HypervisorId, { replica }: Host, { facts, bindings }: Reading): Condition[] {
    const { graph, engines } = this.#context
    const [root] = replica.tables.Open_vSwitch.values()
    const config = root?.other_config ?? new Map<string, string>()
    const unknown = [...bindings.values()].filter(({ vnicId }) => !graph.vnics.has(vnicId))
    const lost = [...bindings.values()].filter(({ vnicId }) => (graph.bindings.get(vnicId)?.hypervisor ?? id) !== id)
    return [
      ...[...engines.values()].flatMap((engine) => engine.judgeHost(config)),
      ...missingBridges(replica.tables, facts.bridgeMappings).map((name) => ({
        code: 'bridge-missing',
        message: `plugboard-bridge-mappings names bridge ${name}, which this host does not have: make it, or mend the mapping`,
      })),
      ...unknown.map(({ vnicId, interface: name }) => ({
        code: 'unknown-iface-id',
        message: `interface ${name} carries iface-id ${vnicId}, which is no VNIC: create the VNIC, or clear the iface-id`,
      })),
      ...lost.map(({ vnicId, interface: name }) => ({
        code: 'claimed-elsewhere',
        message: `interface ${name} carries iface-id ${vnicId}, which hypervisor ${graph.bindings.get(vnicId)?.hypervisor} claimed later`,
      })),
    ]
  }

  #later(work: () => void, delay: number): void {
    const timer = setTimeout(
      () => {
        this.#timers.delete(timer)
        work()
      },
      Math.max(delay, 0),
    )
    this.#timers.add(timer)
  }
}

const sameFacts = (a: Facts, b: Facts): boolean =>
  a.hostname === b.hostname &&
  a.datapathId === b.datapathId &&
  a.ovsVersion === b.ovsVersion &&
  a.encapIp === b.encapIp &&
  sameRecord(a.bridgeMappings, b.bridgeMappings) &&
  sameRecord(a.fabric, b.fabric)

function sameRecord<V>(a: Readonly<Record<string, V>>, b: Readonly<Record<string, V>>): boolean {
  const keys = Object.keys(a)
  return keys.length === Object.keys(b).length && keys.every((key) => a[key] === b[key])
}
