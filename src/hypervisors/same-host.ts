/** Tells which host an OVSDB connection leads to, and whether two of them lead to one. */
import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Connection, openVSwitch, operations } from '../ovsdb/index.ts'

/** A host that is there answers far sooner. */
const MAX_ANSWER_MS = 1_000

/** The key in `external_ids` of `Open_vSwitch` that is written through one connection and read through the other. */
const NONCE_KEY = 'plugboard-nonce'

const { mutate, select } = operations(openVSwitch)

/** The system-id of the host; null: it has none. @throws OvsdbError */
export async function systemIdOf(connection: Connection): Promise<string | null> {
  const [{ rows }] = await connection.transact(openVSwitch.name, [select('Open_vSwitch', [], ['external_ids'])])
  return rows[0]?.external_ids.get('system-id') ?? null
}

/** Does the peer of a connection answer an echo? */
export const answers = (connection: Connection): Promise<boolean> => inTime(connection.echo().then(() => true))

/**
 * Is what is written through the first connection seen through the second? Only a host that has the database can know it. False
 * also if one of the two does not answer in time.
 */
export async function isSameHost(first: Connection, second: Connection): Promise<boolean> {
  const nonce = randomUUID()
  const forget = ['external_ids', 'delete', new Set([NONCE_KEY])] as const
  try {
    return await inTime(write(first, nonce, forget).then(() => reads(second, nonce)))
  } finally {
    first.transact(openVSwitch.name, [mutate('Open_vSwitch', [], [forget])]).catch(() => undefined)
  }
}

type Forget = readonly ['external_ids', 'delete', ReadonlySet<string>]

async function write(connection: Connection, nonce: string, forget: Forget): Promise<void> {
  const add = ['external_ids', 'insert', new Map([[NONCE_KEY, nonce]])] as const
  await connection.transact(openVSwitch.name, [mutate('Open_vSwitch', [], [forget, add])])
}

async function reads(connection: Connection, nonce: string): Promise<boolean> {
  const [{ rows }] = await connection.transact(openVSwitch.name, [select('Open_vSwitch', [], ['external_ids'])])
  return rows.some(({ external_ids }) => external_ids.get(NONCE_KEY) === nonce)
}

/** False if the work fails or takes too long. A connection that has ended rejects at once. */
async function inTime(work: Promise<boolean>): Promise<boolean> {
  const stopping = new AbortController()
  const late = sleep(MAX_ANSWER_MS, false, { signal: stopping.signal, ref: false })
    // If this process was busy, an answer may have come that was not read yet.
    .then(() => sleep(0, false, { signal: stopping.signal }))
    .catch(() => false)
  const found = await Promise.race([work.catch(() => false), late])
  stopping.abort()
  return found
}
