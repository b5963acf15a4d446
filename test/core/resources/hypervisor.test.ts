import t from 'tap'
import type { PortId, VnicId } from '../../../topology/ids.ts'
import { controllerOn, PROJECT } from '../../support/controller.ts'
import { hypervisor, hypervisorId } from '../../support/nodes.ts'

t.test('a hypervisor on which networks cannot work has a condition for each reason', async (t) => {
  const { controller, call, join, bind } = await controllerOn()
  const id = hypervisorId(0)
  const bare = { ...hypervisor(0), bridgeMappings: {}, encapIp: null }
  await join(bare)
  const codes = async () => (await controller.operations.hypervisors.show(id)).conditions.map(({ code }) => code)
  t.same(await codes(), [], 'no network has a VNIC there')
  let ofport = 10
  for (const engine of ['vlan', 'vlan', 'vxlan']) {
    const network = await call('create_network', { engine })
    const port = await call('create_port', {}, { network_id: network.id })
    const vnicId = (await call('create_vnic', {})).id as VnicId
    await controller.operations.vnics.plug(PROJECT, vnicId, port.id as PortId, null)
    await bind(vnicId, 0, ofport++)
  }
  t.same(await codes(), ['bridge-mapping-missing', 'no-encap-ip'])
  await join(hypervisor(0))
  t.same(await codes(), [], 'mended')
})
