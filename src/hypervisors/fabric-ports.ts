/**
 * The ports towards the fabric that all engines together need on a host. Domains are kept apart by the segments of these ports,
 * so there is one of each kind: two ways to one bridge, or two tunnel ports of one type, would be two names for one segment.
 */
import { isDeepStrictEqual } from 'node:util'
import type { Condition, Engine, FabricPort } from '../core/engine/engine.ts'
import { BRIDGE, type Reading } from './facts.ts'

export interface FabricPorts {
  readonly ports: readonly FabricPort[]
  /** What engines said that cannot be. */
  readonly mistakes: readonly Condition[]
}

/** @param engines in their order: of two that want different things the first one has its way */
export function fabricPortsOf(engines: Iterable<Engine>, { facts }: Pick<Reading, 'facts'>): FabricPorts {
  const ports = new Map<string, FabricPort>()
  const mistakes: Condition[] = []
  for (const { alias, fabricPorts } of engines) {
    try {
      for (const port of fabricPorts(facts)) {
        const wrong = whatIsWrong(port) ?? whatClashes(port, ports)
        if (wrong === undefined) ports.set(port.role, port)
        else mistakes.push(mistake(alias, `fabricPorts() ${wrong}`))
      }
    } catch (error) {
      mistakes.push(mistake(alias, `fabricPorts() failed: ${error instanceof Error ? error.message : error}`))
    }
  }
  return { ports: [...ports.values()], mistakes }
}

const mistake = (alias: string, words: string): Condition => ({
  code: 'engine-mistake',
  message: `engine "${alias}": ${words}`,
})

function whatIsWrong(port: FabricPort): string | undefined {
  switch (port.kind) {
    case 'patch':
      if (!/^uplink:[A-Za-z0-9._-]{1,64}$/.test(port.role)) return `has role "${port.role}": a patch's is uplink:<name>`
      if (typeof port.bridge === 'string' && port.bridge !== BRIDGE) return undefined
      return `leads from ${BRIDGE} to "${port.bridge}": it must be another bridge`
    case 'tunnel': {
      const { role, type, options } = port
      if (role !== `tunnel:${type}`) return `has role "${role}": that of a tunnel of type ${type} is tunnel:${type}`
      const isFlow = options?.remote_ip === 'flow' && options.key === 'flow'
      const isText = isFlow && Object.values(options).every((value) => typeof value === 'string')
      return isText ? undefined : `has options of ${role} without remote_ip=flow and key=flow: the rules say both`
    }
    default:
      return 'has a port that is neither a patch nor a tunnel'
  }
}

function whatClashes(port: FabricPort, ports: ReadonlyMap<string, FabricPort>): string | undefined {
  const there = ports.get(port.role)
  if (there)
    return isDeepStrictEqual(there, port) ? undefined : `wants ${port.role} in another way than an engine before it`
  if (port.kind !== 'patch') return undefined
  const other = [...ports.values()].find((one) => one.kind === 'patch' && one.bridge === port.bridge)
  return other && `wants ${port.role} to bridge ${port.bridge}, where ${other.role} leads already`
}
