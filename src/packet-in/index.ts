/** The handlers of packets that switches send to the controller: one line each. */
import type { Logger } from 'pino'
import type { Engines } from '../../flows/compile.ts'
import type { GraphReader } from '../../topology/graph-reader.ts'
import type { Engine } from '../core/engine/engine.ts'
import type { Fleet } from '../switches/fleet.ts'
import { PacketDispatch } from './dispatch.ts'
import { NextHops } from './next-hops.ts'
import { Responder } from './responder.ts'

interface Context {
  readonly graph: GraphReader
  readonly engines: ReadonlyMap<string, Engine>
  readonly rules: Engines
  readonly fleet: Fleet
  readonly log: Logger
}

export function packetDispatch(context: Context): PacketDispatch {
  const dispatch = new PacketDispatch()
  dispatch.register(new Responder({ ...context, count: (outcome) => dispatch.count(outcome) }))
  dispatch.register(new NextHops(context))
  return dispatch
}
