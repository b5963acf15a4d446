/** A session with an OVSDB server, whichever side opened the connection: the methods of RFC 7047 and of OVS. */

import {
  type Monitor,
  type MonitorMethod,
  type MonitorRequests,
  NO_TRANSACTION,
  type OnMonitorUpdate,
  replyOf,
  updateOf,
} from './monitor.ts'
import { type Operation, type Results, resultsOf } from './operation.ts'
import { OvsdbError } from './ovsdb-error.ts'
import { Peer } from './peer.ts'
import { excerpt, isObject } from './rpc.ts'
import { type DatabaseSchema, databaseSchemaOf } from './served.ts'
import { Lock } from './server-lock.ts'

/**
 * A connection with an OVSDB server: the methods of RFC 7047 section 4.1 and of ovsdb-server(7). Made by `connect`,
 * `listen` and `reconnecting`.
 */
export class Connection extends Peer {
  readonly #monitors = new Map<number, OnMonitorUpdate>()
  readonly #locks = new Map<string, Lock>()
  #lastMonitor = 0

  /** RFC 7047 section 4.1.1: the names of the databases. @throws OvsdbError */
  listDbs(): Promise<readonly string[]> {
    return this.request('list_dbs', [], { receive: namesOf })
  }

  /** RFC 7047 section 4.1.2: a database's schema. @throws OvsdbError `unknown-database` */
  getSchema(db: string): Promise<DatabaseSchema> {
    return this.request('get_schema', [db], { receive: databaseSchemaOf })
  }

  /**
   * RFC 7047 section 4.1.3: runs all of the operations or none. Monitor updates that it causes come before its results.
   * @param options.signal aborts the wait, as for a `wait` operation (4.1.4)
   * @throws OvsdbError with the server's words and the index of the operation that failed; canceled; closed, and then
   *   it is unknown whether the transaction was committed
   */
  async transact<const Os extends readonly Operation[]>(
    db: string,
    operations: Os,
    options: { readonly signal?: AbortSignal } = {},
  ): Promise<Results<Os>> {
    const reply = await this.request('transact', [db, ...operations], { signal: options.signal })
    try {
      return resultsOf(operations, reply)
    } catch (error) {
      const broken = error instanceof OvsdbError && (error.code === 'malformed-message' || error.code === 'bad-value')
      throw broken ? this.fail(error) : error
    }
  }

  /**
   * RFC 7047 section 4.1.5, ovsdb-server(7) sections 4.1.12 and 4.1.15. `Replica` makes typed rows from it.
   * @param take called with the reply, then with each update; if it throws, the connection ends
   * @param since for monitor_cond_since: only changes after this transaction, if the server still has them
   * @throws OvsdbError with the server's words; closed
   */
  async monitor(
    method: MonitorMethod,
    db: string,
    requests: MonitorRequests,
    take: OnMonitorUpdate,
    since = NO_TRANSACTION,
  ): Promise<Monitor> {
    const id = ++this.#lastMonitor
    this.#monitors.set(id, take)
    const params = [db, id, requests, ...(method === 'monitor_cond_since' ? [since] : [])]
    try {
      await this.request(method, params, { receive: (result) => waitFor(take(replyOf(method, result))) })
    } catch (error) {
      this.#monitors.delete(id)
      throw error
    }
    return {
      method,
      changeConditions: async (requests) => {
        await this.request('monitor_cond_change', [id, id, requests])
      },
      // The reply means that the monitor has ended. An error means that the server did not have it.
      cancel: () => this.request('monitor_cancel', [id]).then(() => void this.#monitors.delete(id)),
    }
  }

  /** RFC 7047 section 4.1.8: requests a lock. It is held at once, or after the clients that requested it before. */
  lock(name: string): Promise<Lock> {
    return this.#lock('lock', name)
  }

  /**
   * RFC 7047 section 4.1.8: takes a lock at once, even if another client holds it. That client then waits for it again.
   */
  steal(name: string): Promise<Lock> {
    return this.#lock('steal', name)
  }

  /**
   * ovsdb-server(7) section 4.1.17: an id that changes each time the server starts.
   * @throws OvsdbError
   */
  getServerId(): Promise<string> {
    return this.request('get_server_id', [], { receive: textOf })
  }

  /** ovsdb-server(7) section 4.1.18: whether the server keeps the connection open when its databases change. */
  async setDbChangeAware(aware: boolean): Promise<void> {
    await this.request('set_db_change_aware', [aware])
  }

  /**
   * ovsdb-server(7) section 4.1.19: converts a database to another schema of the same name and keeps the data that
   * fits. All connections that monitor the database end, including this one.
   */
  async convert(db: string, schema: DatabaseSchema): Promise<void> {
    await this.request('convert', [db, schema])
  }

  /** RFC 7047 sections 4.1.6, 4.1.9 and 4.1.10, ovsdb-server(7) sections 4.1.7, 4.1.14 and 4.1.16. */
  protected override onNotification(method: string, params: readonly unknown[]): Promise<unknown> | undefined {
    const [subject, ...rest] = params
    switch (method) {
      case 'update':
      case 'update2':
      case 'update3':
        return waitFor(this.#monitorOf(subject)(updateOf(method, rest)))
      case 'monitor_canceled':
        // The known rows are of a database that no longer exists, so the connection ends and the client must connect
        // again.
        throw new OvsdbError('monitor-canceled')
      case 'locked':
      case 'stolen':
        // The server may still report a lock that was given up.
        if (typeof subject === 'string') this.#locks.get(subject)?.set(method === 'locked')
    }
    return undefined
  }

  protected override onEnd(error: OvsdbError): void {
    this.#monitors.clear()
    for (const lock of this.#locks.values()) lock.end(error)
  }

  #monitorOf(id: unknown): OnMonitorUpdate {
    const take = typeof id === 'number' ? this.#monitors.get(id) : undefined
    if (take !== undefined) return take
    throw new OvsdbError('inconsistent-update', `an update of monitor ${excerpt(id)}, which does not exist`)
  }

  #lock(method: 'lock' | 'steal', name: string): Promise<Lock> {
    const receive = (result: unknown) => {
      const lock = new Lock(name, heldOf(result), async () => {
        await this.request('unlock', [name])
        if (this.#locks.get(name) === lock) this.#locks.delete(name)
      })
      this.#locks.set(name, lock)
      return lock
    }
    return this.request(method, [name], { receive })
  }
}

/** What to wait for before the next message is read. */
const waitFor = (taking: unknown): Promise<unknown> | undefined => (taking instanceof Promise ? taking : undefined)

const namesOf = (names: unknown): readonly string[] => {
  if (Array.isArray(names) && names.every((name) => typeof name === 'string')) return names
  throw new OvsdbError('malformed-message', `not a list of names: ${excerpt(names)}`)
}

const textOf = (text: unknown): string => {
  if (typeof text === 'string') return text
  throw new OvsdbError('malformed-message', `not a text: ${excerpt(text)}`)
}

const heldOf = (result: unknown): boolean => {
  if (isObject(result) && typeof result.locked === 'boolean') return result.locked
  throw new OvsdbError('malformed-message', `not the state of a lock: ${excerpt(result)}`)
}
