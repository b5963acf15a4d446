/**
 * The ports towards the fabric that all engines together need on a host. The segments on these ports keep domains apart. So
 * there is one port for each role: with two patches to one bridge, or two tunnel ports of one type, one segment would have two
 * names.
 */
import { isDeepStrictEqual } from 'node:util'
import type { Condition, Engine, FabricPort } from '../core/engine/engine.ts'
import { INTEGRATION_BRIDGE } from './external-ids.ts'
import type { Facts } from './facts.ts'

export interface FabricPorts {
  readonly ports: readonly FabricPort[]
  /** Ports that an engine asked for and that cannot be created. */
  readonly mistakes: readonly Condition[]
}

/** @param engines in order of precedence: if two describe the same role differently, the first one gets its port */
export function fabricPortsOf(
  engines: Iterable<Pick<Engine, 'alias' | 'fabricPorts'>>,
  here: Pick<Facts, 'bridgeMappings' | 'encapIp'>,
): FabricPorts {
  const ports = new Map<string, FabricPort>()
  const mistakes: Condition[] = []
  for (const { alias, fabricPorts } of engines) {
    try {
      for (const port of fabricPorts(here)) {
        const wrong = mistakeIn(port) ?? clashOf(port, ports)
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

function mistakeIn(port: FabricPort): string | undefined {
  switch (port.kind) {
    case 'patch':
      if (!/^uplink:[A-Za-z0-9._-]{1,64}$/.test(port.role)) return `has role "${port.role}": a patch's is uplink:<name>`
      if (typeof port.bridge === 'string' && port.bridge !== INTEGRATION_BRIDGE) return undefined
      return `leads from ${INTEGRATION_BRIDGE} to "${port.bridge}": it must be another bridge`
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

/** Engines share a port if all of them describe it in the same way. */
function clashOf(port: FabricPort, ports: ReadonlyMap<string, FabricPort>): string | undefined {
  const found = ports.get(port.role)
  if (found)
    return isDeepStrictEqual(found, port) ? undefined : `wants ${port.role} in another way than an engine before it`
  if (port.kind !== 'patch') return undefined
  const other = [...ports.values()].find((one) => one.kind === 'patch' && one.bridge === port.bridge)
  return other && `wants ${port.role} to bridge ${port.bridge}, where ${other.role} leads already`
}
