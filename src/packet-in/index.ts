/** The handlers of packets that switches send to the controller: one line each. */
import type { Logger } from 'pino'
import type { Engines } from '../../flows/compile.ts'
import type { GraphReader } from '../../topology/graph-reader.ts'
import type { HypervisorId, VnicId } from '../../topology/ids.ts'
import type { Engine } from '../core/engine/engine.ts'
import type { Fleet } from '../switches/fleet.ts'
import { type Outcome, PacketDispatch } from './dispatch.ts'
import { FirstFrames } from './first-frames.ts'
import type { GuardDrops } from './guard-drops.ts'
import { NextHops } from './next-hops.ts'
import { Responder } from './responder.ts'

interface Context {
  readonly graph: GraphReader
  readonly engines: ReadonlyMap<string, Engine>
  readonly rules: Engines
  readonly fleet: Fleet
  readonly guardDrops: GuardDrops
  readonly log: Logger
  /** Activates the migration of a VNIC to this hypervisor. Resolves when that is durable. */
  activate(vnic: VnicId, at: HypervisorId): Promise<unknown>
}

export function packetDispatch(context: Context): PacketDispatch {
  const dispatch = new PacketDispatch()
  const counting = { ...context, count: (outcome: Outcome) => dispatch.count(outcome) }
  dispatch.register(new FirstFrames(counting))
  dispatch.register(new NextHops(context))
  dispatch.register(new Responder(counting))
  dispatch.register(context.guardDrops)
  return dispatch
}
