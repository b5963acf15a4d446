/** Decides which servers of a cluster are suitable, from what they say in their database _Server (ovsdb-server(5)). */
import type { Connection } from './connection.ts'
import { OvsdbError } from './ovsdb-error.ts'
import { type Replica, replicate } from './replica.ts'
import { type DatabaseRow, serverDatabase } from './server-database.ts'

/** A server with this database. In a cluster, it must be connected to the others. */
export interface Membership {
  readonly database: string
  /** Whether only the leader is suitable, which sees each transaction first. By default any member is. */
  readonly leaderOnly?: boolean
}

/** The last known index of the cluster's log. A member with a lower index would show an older state. */
export interface Progress {
  index: number
}

/**
 * Checks that this server is suitable, and closes its connection when it no longer is.
 * @throws OvsdbError unfit-server; closed
 */
export const admit = async (connection: Connection, wanted: Membership, progress: Progress): Promise<void> => {
  const server = await optionally('unknown-database', replicate(connection, serverDatabase))
  // OVS before 2.9 has neither this database nor clusters.
  if (server === undefined) return
  // The server then keeps the connection open when its databases change. This function decides instead.
  await optionally('unknown-method', connection.setDbChangeAware(true))
  const judge = (): string | undefined => {
    const row = rowOf(server, wanted.database)
    const reason = unfitness(row, wanted, progress.index)
    if (reason === undefined) progress.index = Math.max(progress.index, row?.index ?? 0)
    return reason
  }
  const reason = judge()
  if (reason !== undefined) throw new OvsdbError('unfit-server', reason)
  server.onUpdate(() => {
    const reason = judge()
    if (reason !== undefined) connection.close(reason)
  })
}

const rowOf = ({ tables }: Replica<typeof serverDatabase>, name: string): DatabaseRow | undefined =>
  [...tables.Database.values()].find((row) => row.name === name)

/** Why the server is not suitable. Undefined if it is. */
const unfitness = (row: DatabaseRow | undefined, wanted: Membership, seen: number): string | undefined => {
  if (row === undefined) return `the server does not have the database ${wanted.database}`
  if (!row.connected) return 'the server has lost its cluster'
  if (wanted.leaderOnly && !row.leader) return 'the server is not the leader of its cluster'
  if ((row.index ?? seen) < seen) return 'the server is behind other members of its cluster'
  return undefined
}

/** The result, or undefined if the server refuses with this code. */
const optionally = <T>(code: OvsdbError['code'], promise: Promise<T>): Promise<T | undefined> =>
  promise.catch((error: unknown) => {
    if (error instanceof OvsdbError && error.code === code) return undefined
    throw error
  })
