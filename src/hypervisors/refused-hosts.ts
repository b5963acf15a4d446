/** Hosts that are refused for what they say: a system-id that cannot be used or is not theirs, or more rows than a host may have. */
import type { Logger } from 'pino'
import type { HypervisorId } from '../../topology/ids.ts'
import type { Condition } from '../core/engine/engine.ts'
import { quoted } from '../core/quoted.ts'
import { SparingLog } from '../core/sparing-log.ts'
import type { Connection, OvsdbError } from '../ovsdb/index.ts'

/** A host with too many rows is not read again within this time: it would take as much work each time. */
const PAUSE_MS = 10_000
/** Open vSwitch tries again every few seconds. The condition ends when it has not tried for this time. */
const CONDITION_MS = 60_000

/** Different lines in a minute about hosts that are refused. */
const MAX_LINES = 100

interface Excess {
  readonly condition: Condition
  readonly since: number
  readonly timer: NodeJS.Timeout
}

interface Context {
  readonly log: Logger
  isKnown(hypervisor: HypervisorId): boolean
  /** Called when the condition of a hypervisor appears or ends. */
  changed(hypervisor: HypervisorId): void
}

export class RefusedHosts {
  readonly #context: Context
  readonly #sparing = new SparingLog(MAX_LINES)
  readonly #excesses = new Map<HypervisorId, Excess>()
  /** The number of connections refused because of the system-id of their host. */
  count = 0

  constructor(context: Context) {
    this.#context = context
  }

  /** Refuses a host without a usable system-id. */
  nameless(connection: Connection, systemId: string | null): void {
    this.count += 1
    const words = systemId === null ? 'has no system-id' : `has ${quoted(systemId)} as system-id`
    const remedy = 'set external_ids:system-id in Open_vSwitch to 1–64 of [A-Za-z0-9._-]'
    const write = () =>
      this.#context.log.error({ from: nameOf(connection) }, `refusing a host that ${words}: ${remedy}`)
    this.#sparing.log(`unnamed ${connection.remoteAddress}`, write)
    connection.close('no system-id')
  }

  /** Its certificate is for another hypervisor than its system-id. It must not get near the connection of that one. */
  impostor(connection: Connection, reason: string): void {
    this.count += 1
    const about = { from: nameOf(connection), reason }
    const write = () => this.#context.log.error(about, 'refusing a host that has the certificate of another one')
    this.#sparing.log(`impostor ${connection.remoteAddress}`, write)
    connection.close(reason)
  }

  /** @param error why its rows cannot be read, or not be applied */
  unreadable(connection: Connection, error: unknown): void {
    const about = { err: error, from: nameOf(connection) }
    const write = () => this.#context.log.warn(about, 'cannot read the OVSDB of a host')
    this.#sparing.log(`unread ${connection.remoteAddress}`, write)
    connection.close(error instanceof Error ? error.message : String(error))
  }

  /** Called when the connection of a host has ended. Only known hypervisors have conditions, so this is bounded. */
  ended(id: HypervisorId, error: OvsdbError | undefined): void {
    if (error?.code !== 'too-much-data' || !this.#context.isKnown(id)) return
    clearTimeout(this.#excesses.get(id)?.timer)
    const message = `the OVSDB of this host is too large, so nothing is read from it: ${error.message}; remove ports that are not needed, or raise ovsdb.max_rows`
    const timer = setTimeout(() => this.forget(id), CONDITION_MS).unref()
    const condition: Condition = { code: 'too-many-rows', message, severity: 'error' }
    this.#excesses.set(id, { condition, since: performance.now(), timer })
    this.#context.changed(id)
  }

  /** Closes the connection of a host that has had too many rows a moment ago. @returns whether it was closed */
  bars(id: HypervisorId, connection: Connection): boolean {
    const excess = this.#excesses.get(id)
    if (!excess || performance.now() - excess.since > PAUSE_MS) return false
    connection.close(excess.condition.message)
    return true
  }

  conditions(id: HypervisorId): readonly Condition[] {
    const excess = this.#excesses.get(id)
    return excess ? [excess.condition] : []
  }

  /** Called when the host has joined, or its hypervisor was removed. */
  forget(id: HypervisorId): void {
    const excess = this.#excesses.get(id)
    if (!excess) return
    clearTimeout(excess.timer)
    this.#excesses.delete(id)
    this.#context.changed(id)
  }

  close(): void {
    for (const { timer } of this.#excesses.values()) clearTimeout(timer)
  }
}

const nameOf = ({ remoteAddress, remotePort }: Connection): string => `${remoteAddress}:${remotePort}`
