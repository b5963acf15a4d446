/** A whole controller with OVSDB hosts, each a real ovsdb-server, and with fake switches if a test needs them. */
import { datapathIdOf } from '../../src/hypervisors/provision.ts'
import { listen } from '../../src/ovsdb/index.ts'
import type { HypervisorId, PortId, VnicId } from '../../topology/ids.ts'
import { type Options, PROJECT } from './controller.ts'
import { FakeSwitch } from './fake-switch.ts'
import { OvsdbHost } from './ovsdb-host.ts'
import { cloudOf, until } from './switches.ts'

export { skip } from '../ovsdb/process.ts'

interface Teardown {
  teardown(stop: () => unknown): void
}

/** External ids of a host on which networks of every engine work, once it has a bridge br-eth1. */
export const FABRIC = { 'plugboard-bridge-mappings': 'physnet1:br-eth1', 'plugboard-encap-ip': '192.0.2.1' }

/**
 * Each mark is used only once in a process, so that it cannot be taken for an earlier one, even in a store that is used again.
 */
let marks = 0

export async function ovsdbCloud(t: Teardown, options: Options = {}) {
  const cloud = await cloudOf(t, 0, { adoptAll: false, ...options })
  const { controller, call } = cloud
  const listener = await listen(
    { host: '127.0.0.1', port: 0 },
    { onConnection: (connection) => controller.acceptHost(connection) },
  )
  t.teardown(() => listener.close())
  const port = 'port' in listener.address ? listener.address.port : 0

  /** A host that is not connected. */
  const newHost = async (systemId: string, settings: Readonly<Record<string, string>> = {}): Promise<OvsdbHost> => {
    const started = await OvsdbHost.start(systemId, settings)
    t.teardown(() => started.stop())
    if (settings === FABRIC) await started.addBridge('br-eth1')
    return started
  }
  /** A host that has connected. @param before writes into its OVSDB before it connects */
  const host = async (
    systemId: string,
    settings: Readonly<Record<string, string>> = {},
    before: (host: OvsdbHost) => Promise<void> = async () => undefined,
  ): Promise<OvsdbHost> => {
    const started = await newHost(systemId, settings)
    await before(started)
    await join(started)
    return started
  }
  const join = async (started: OvsdbHost): Promise<void> => {
    await started.join(port)
    await started.ready()
    await settled(started)
  }
  const leave = async (host: OvsdbHost): Promise<void> => {
    await host.leave()
    await until(() => !controller.hosts.connected(host.id))
  }
  const id = (systemId: string) => systemId as HypervisorId
  const hypervisor = (systemId: string) => controller.graph.hypervisors.get(id(systemId))
  /** Resolves when the controller has applied every row that the host has written so far. */
  const settled = async (of: OvsdbHost): Promise<void> => {
    const hostname = `mark-${++marks}`
    await of.set({ hostname })
    await until(() => hypervisor(of.systemId)?.hostname === hostname)
  }
  /** The fake switch of a host. */
  const connectSwitch = async (systemId: string): Promise<FakeSwitch> => {
    const connected = await FakeSwitch.connect(cloud.openflowPort, {
      datapathId: BigInt(`0x${datapathIdOf(systemId)}`),
    })
    t.teardown(() => connected.disconnect())
    await until(() => controller.fleet.get(id(systemId))?.ready === true)
    return connected
  }
  /** Creates a VNIC in a port of a new network, without an interface. @returns its id */
  const vnic = async (engine = 'vlan'): Promise<VnicId> => {
    const network = await call('create_network', { engine })
    const made = await call('create_port', {}, { network_id: network.id })
    const id = (await call('create_vnic', {})).id as VnicId
    await controller.operations.vnics.plug(PROJECT, id, made.id as PortId, null)
    return id
  }
  const destroyVnic = async (id: VnicId): Promise<void> => {
    await controller.operations.vnics.destroy(PROJECT, id, null)
  }
  /** The place of a VNIC: hypervisor, interface and port number; undefined if it has none. */
  const place = (id: VnicId) => {
    const binding = controller.graph.bindings.get(id)
    return binding && `${binding.hypervisor} ${binding.interface} ${binding.ofport}`
  }
  /** The hypervisors that claim a contested VNIC, the oldest claim first. */
  const claims = (id: VnicId) => controller.graph.contests.get(id)?.claims.map(({ hypervisor }) => hypervisor) ?? []
  const switchOf = (systemId: string) => controller.fleet.get(id(systemId))
  const messages = async (systemId: string): Promise<string[]> => {
    const view = await controller.operations.hypervisors.show(id(systemId))
    return view.conditions.map(({ message }) => message)
  }
  const conditions = async (systemId: string): Promise<string[]> => {
    const view = await controller.operations.hypervisors.show(id(systemId))
    return view.conditions.map(({ code }) => code).sort()
  }
  const remove = (systemId: string) => controller.operations.hypervisors.remove(id(systemId))
  return {
    ...cloud,
    id,
    hypervisor,
    newHost,
    leave,
    remove,
    port,
    host,
    join,
    settled,
    connectSwitch,
    vnic,
    destroyVnic,
    place,
    conditions,
    messages,
    claims,
    switchOf,
  }
}
