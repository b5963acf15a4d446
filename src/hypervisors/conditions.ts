/** What an operator should know of a host that has joined: what its rows say, beside what the graph and the engines know. */
import type { Graph } from '../../topology/graph.ts'
import type { HypervisorId } from '../../topology/ids.ts'
import type { Condition, Engine } from '../core/engine/engine.ts'
import type { OpenVSwitch, Tables } from '../ovsdb/index.ts'
import { fabricPortsOf } from './fabric-ports.ts'
import type { Reading } from './facts.ts'
import { takenNames } from './provision.ts'

interface Known {
  readonly graph: Graph
  readonly engines: readonly Engine[]
  /** The hypervisor whose datapath id this one's bridge has, too. */
  readonly twin: HypervisorId | undefined
}

export function conditionsOf(
  id: HypervisorId,
  tables: Tables<OpenVSwitch>,
  reading: Reading,
  { graph, engines, twin }: Known,
): Condition[] {
  const [root] = tables.Open_vSwitch.values()
  const config = root?.other_config ?? new Map<string, string>()
  const bindings = [...reading.bindings.values()]
  const fabric = fabricPortsOf(engines, reading)
  const holder = ({ vnicId }: (typeof bindings)[number]) => graph.bindings.get(vnicId)?.hypervisor
  return [
    ...reading.conditions,
    ...distinct(engines.flatMap((engine) => engine.judgeHost(config))),
    ...fabric.mistakes,
    ...sameAddress(id, reading, graph),
    ...takenNames(tables, fabric.ports).map((name) => ({
      code: 'name-taken',
      message: `interface ${name} is not Plugboard's, which needs the name for a port of its own: rename it`,
    })),
    ...(twin ? [{ code: 'duplicate-datapath-id', message: shared(reading, twin) }] : []),
    ...bindings
      .filter(({ vnicId }) => !graph.vnics.has(vnicId))
      .map(({ vnicId, interface: name }) => ({
        code: 'unknown-iface-id',
        message: `interface ${name} carries iface-id ${vnicId}, which is no VNIC: create the VNIC, or clear the iface-id`,
      })),
    ...bindings
      .filter((binding) => (holder(binding) ?? id) !== id)
      .map((binding) => ({
        code: 'claimed-elsewhere',
        message: `interface ${binding.interface} carries iface-id ${binding.vnicId}, which hypervisor ${holder(binding)} ${
          binding.ofport === null ? 'keeps as long as this one has no port number' : 'claimed later'
        }`,
      })),
  ]
}

/** Engines that are alike find the same things wrong. */
const distinct = (conditions: readonly Condition[]): Condition[] => [
  ...new Map(conditions.map((condition) => [condition.message, condition])).values(),
]

/** What is sent to one of two hypervisors with one tunnel address goes to either. */
function sameAddress(id: HypervisorId, { facts: { encapIp } }: Reading, graph: Graph): Condition[] {
  if (encapIp === null) return []
  const others = [...graph.hypervisors.values()].filter((other) => other.encapIp === encapIp && other.id !== id)
  return others.map((other) => ({
    code: 'duplicate-encap-ip',
    message: `plugboard-encap-ip ${encapIp} is that of hypervisor ${other.id}, too: each needs an address of its own`,
  }))
}

const shared = ({ facts }: Reading, twin: HypervisorId): string =>
  `br-int has datapath id ${facts.datapathId}, which is that of hypervisor ${twin}: clear other_config:datapath-id on one of them`
