/** Measures what a cloud costs its switches: rules for a wide network, and what one more hypervisor changes on the others. */
import { isDeepStrictEqual } from 'node:util'
import { graphOf, rulesOn } from './cloud.ts'
import { engineOf } from './controller.ts'
import { hypervisorId } from './nodes.ts'
import { cloudOf, until } from './switches.ts'
import { bridgedNetwork, NETWORK_ENGINES, type NetworkEngine, oneNetwork, standalonePorts } from './wide.ts'

export interface RulesPerSwitch {
  readonly what: string
  /** The number of rules on the switch that has the most. */
  readonly rules: number
  /** (local VNICs x 6) + (remote VNICs x 1) + 20 for the network. For standalone ports it is (local VNICs x 9) + 20. */
  readonly most: number
}

/** The rules on a switch for a network with these numbers of VNICs and hypervisors, for each engine. */
export function rulesPerSwitch(vnics: number, hypervisors: number): RulesPerSwitch[] {
  const places = Array.from({ length: vnics }, (_, n) => n % hypervisors)
  const here = Math.ceil(vnics / hypervisors)
  const most = here * 6 + (vnics - here) + 20
  const fullest = (nodes: Parameters<typeof graphOf>[0]): number => {
    const graph = graphOf(nodes)
    return Math.max(...Array.from({ length: hypervisors }, (_, n) => rulesOn(graph, n).length))
  }
  return [
    ...NETWORK_ENGINES.flatMap((engine) => [
      { what: engine, rules: fullest(oneNetwork(engine, { places })), most },
      { what: `${engine}, bridged to a remote site`, rules: fullest(bridgedNetwork(engine, { places })), most },
    ]),
    { what: 'remote-l2, a tunnel for each VNIC', rules: fullest(standalonePorts({ places })), most: here * 9 + 20 },
  ]
}

export interface Addition {
  readonly engine: NetworkEngine
  /** The largest numbers on any of the other switches. */
  readonly bundles: number
  readonly flowMods: number
  /** The number of switches on which anything changed. */
  readonly touched: number
  /** The ports towards the fabric that a hypervisor needs, and whether they are unchanged. */
  readonly ports: number
  readonly samePorts: boolean
}

/** What a VNIC on one more hypervisor costs each of the others, measured with a whole controller and fake switches. */
export async function oneMoreHypervisor(
  t: Parameters<typeof cloudOf>[0],
  engine: NetworkEngine,
  hypervisors: number,
): Promise<Addition> {
  const { controller, connect, call, plug, realised } = await cloudOf(t, hypervisors)
  const all = Array.from({ length: hypervisors }, (_, n) => n)
  const [first, last] = [hypervisorId(0), hypervisors - 1]
  const network = await call('create_network', { engine })
  for (const n of all.slice(0, last)) await plug(network, n)
  const switches = await Promise.all(all.map((n) => connect(n)))
  await until(() => all.every((n) => controller.fleet.get(hypervisorId(n))?.ready))
  const seen = () => {
    const host = controller.graph.hypervisors.get(first)
    return { host, ports: host ? engineOf(engine).fabricPorts(host) : [] }
  }
  const before = seen()
  const counted = switches
    .slice(0, last)
    .map((each) => ({ each, bundles: each.closed, flowMods: each.flowMods.length }))
  const { status } = await realised(await plug(network, last))
  if (status !== 'active') throw new Error(`the VNIC on the last hypervisor is ${status}`)
  const costs = counted.map(({ each, bundles, flowMods }) => ({
    bundles: each.closed - bundles,
    flowMods: each.flowMods.length - flowMods,
  }))
  const after = seen()
  return {
    engine,
    bundles: Math.max(...costs.map(({ bundles }) => bundles)),
    flowMods: Math.max(...costs.map(({ flowMods }) => flowMods)),
    touched: costs.filter(({ bundles }) => bundles > 0).length,
    ports: after.ports.length,
    samePorts: isDeepStrictEqual(after, before),
  }
}
