/** Refuses hosts whose system-id cannot be used, or is not theirs. */
import type { Logger } from 'pino'
import { quoted } from '../core/quoted.ts'
import type { SparingLog } from '../core/sparing-log.ts'
import type { Connection } from '../ovsdb/index.ts'

export class RefusedHosts {
  /** The number of refused connections. */
  count = 0
  readonly #log: Logger
  readonly #sparing: SparingLog

  constructor(log: Logger, sparing: SparingLog) {
    this.#log = log
    this.#sparing = sparing
  }

  unnamed(connection: Connection, from: string, systemId: string | null): void {
    this.count += 1
    const words = systemId === null ? 'has no system-id' : `has ${quoted(systemId)} as system-id`
    const remedy = 'set external_ids:system-id in Open_vSwitch to 1–64 of [A-Za-z0-9._-]'
    const write = () => this.#log.error({ from }, `refusing a host that ${words}: ${remedy}`)
    this.#sparing.log(`unnamed ${connection.remoteAddress}`, write)
    connection.close('no system-id')
  }

  /** Its certificate is for another hypervisor than its system-id. It must not get near the connection of that one. */
  impostor(connection: Connection, from: string, reason: string): void {
    this.count += 1
    const write = () => this.#log.error({ from, reason }, 'refusing a host that has the certificate of another one')
    this.#sparing.log(`impostor ${connection.remoteAddress}`, write)
    connection.close(reason)
  }
}
