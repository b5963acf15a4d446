/** A session with a peer that the test controls. */
import type { Test } from 'tap'
import {
  type FlowMod,
  type Listener,
  type ListenOptions,
  listen,
  type Message,
  type Session,
} from '../../../src/openflow/index.ts'
import { Peer } from './peer.ts'

export async function listener(t: Test, options: Partial<ListenOptions> = {}): Promise<Listener> {
  const one = await listen({ port: 0, ...options })
  t.teardown(() => one.close())
  return one
}

export async function first(sessions: AsyncIterable<Session>): Promise<Session> {
  for await (const session of sessions) return session
  throw new Error('no session came')
}

/** A session, and the peer at its other end. */
export async function pair(t: Test, options: Partial<ListenOptions> = {}): Promise<{ session: Session; peer: Peer }> {
  const server = await listener(t, options)
  const peer = await Peer.connect(server.address.port)
  t.teardown(() => peer.socket.destroy())
  const [session] = await Promise.all([first(server), peer.greet()])
  return { session, peer }
}

export const mod = (priority: number): FlowMod => ({ type: 'flow_mod', command: 'add', table: 0, priority, match: [] })

/** A packet that a switch sends. */
export const packetIn = (xid: number, data = new Uint8Array()): Message => ({
  type: 'packet_in',
  xid,
  bufferId: 0xffffffff,
  totalLength: data.length,
  reason: 'table_miss',
  table: 0,
  cookie: 0n,
  match: [],
  data,
})
