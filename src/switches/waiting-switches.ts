/** Connected switches whose host is not known or not served. They get no message, but their rules may be looked at. */
import type { Logger } from 'pino'
import { authorOf } from '../../flows/pipeline/cookie.ts'
import { SparingLog } from '../core/sparing-log.ts'
import type { Session } from '../openflow/index.ts'
import { dumpOf } from './bounded-dump.ts'
import { addressOf } from './switch-identity.ts'

/** Different log lines in a minute. */
const MAX_LINES = 100

export class WaitingSwitches {
  readonly #log: Logger
  readonly #sessions = new Map<string, Session>()
  readonly #sparing = new SparingLog(MAX_LINES)

  constructor(log: Logger) {
    this.#log = log
  }

  get size(): number {
    return this.#sessions.size
  }

  get(datapathId: string): Session | undefined {
    return this.#sessions.get(datapathId)
  }

  /** Keeps a switch until it is taken, or its connection ends. */
  keep(datapathId: string, session: Session): void {
    const write = () =>
      this.#log.info(
        { datapathId, from: session.remoteAddress },
        'unknown switch, waiting for a host that reports its datapath id',
      )
    this.#sparing.log(addressOf(session), write)
    this.#sessions.get(datapathId)?.close('another connection has the same datapath id')
    this.#sessions.set(datapathId, session)
    void session.closed.then(() => {
      if (this.#sessions.get(datapathId) === session) this.#sessions.delete(datapathId)
    })
  }

  take(datapathId: string): Session | undefined {
    const session = this.#sessions.get(datapathId)
    this.#sessions.delete(datapathId)
    return session
  }

  /** Has the switch rules of Plugboard? undefined: it is not there, or does not say. */
  async hasRules(datapathId: string): Promise<boolean | undefined> {
    const session = this.#sessions.get(datapathId)
    if (!session) return undefined
    try {
      for await (const part of dumpOf(session, 0)) {
        if (part.some(({ cookie }) => authorOf(cookie) !== undefined)) return true
      }
      return false
    } catch (error) {
      this.#log.warn({ err: error, datapathId }, 'cannot read the rules of a switch whose host is not known')
      return undefined
    }
  }

  close(reason: string): void {
    for (const session of this.#sessions.values()) session.close(reason)
  }
}
