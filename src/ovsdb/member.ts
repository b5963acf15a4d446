/** Which servers of a cluster will do, by what they say of themselves in their database _Server (ovsdb-server(5)). */
import type { Connection } from './connection.ts'
import { OvsdbError } from './ovsdb-error.ts'
import { type Replica, replicate } from './replica.ts'
import { type DatabaseRow, serverDatabase } from './server-database.ts'

/** A server with this database: of a cluster, one that hears from the others. */
export interface Membership {
  readonly database: string
  /** Only the leader, which sees each transaction first; otherwise any member. */
  readonly leaderOnly?: boolean
}

/** How far the cluster's log was known on the members that were used: one that is behind would go back in time. */
export interface Progress {
  index: number
}

/**
 * Sees that this server is as wanted. When it is not any more, its connection is closed.
 * @throws OvsdbError unfit-server; closed
 */
export const admit = async (connection: Connection, wanted: Membership, progress: Progress): Promise<void> => {
  const server = await optionally('unknown-database', replicate(connection, serverDatabase))
  // Before OVS 2.9, which knew no clusters either.
  if (server === undefined) return
  // The connection stays when the database does not: this side decides.
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

/** Why the server will not do; undefined if it will. */
const unfitness = (row: DatabaseRow | undefined, wanted: Membership, seen: number): string | undefined => {
  if (row === undefined) return `the server does not have the database ${wanted.database}`
  if (!row.connected) return 'the server has lost its cluster'
  if (wanted.leaderOnly && !row.leader) return 'the server is not the leader of its cluster'
  if ((row.index ?? seen) < seen) return 'the server is behind what was seen on others of its cluster'
  return undefined
}

/** Undefined where the server refuses in this way. */
const optionally = <T>(code: OvsdbError['code'], promise: Promise<T>): Promise<T | undefined> =>
  promise.catch((error: unknown) => {
    if (error instanceof OvsdbError && error.code === code) return undefined
    throw error
  })
