/** The switch answers ARP requests and neighbour solicitations for known addresses, so no other VM has to receive them. */
import { setUp } from '../carrier.ts'
import { onStage } from '../onstage.ts'
import { until } from '../until.ts'

await onStage('answers', { hypervisors: 2 }, async (t, scene) => {
  const { lab } = scene
  const [h1, h2] = [lab.hypervisor(1), lab.hypervisor(2)]

  for (const engine of ['vxlan', 'vlan'] as const) {
    await t.test(`${engine}: the switch answers for a known address`, async (t) => {
      const network = await scene.network(engine)
      const station = (n: number, hypervisor: typeof h1) =>
        scene.station({ hypervisor, network, addresses: [`10.9.0.${n}/16`, `fd09::${n}/64`] })
      // On a VLAN, there may be unknown hosts beyond the uplink. So only addresses on the same hypervisor are known there.
      const [asker, owner, third] = [
        await station(1, h1),
        await station(2, engine === 'vlan' ? h1 : h2),
        await station(3, h1),
      ]
      const known = ['10.9.0.2', 'fd09::2']
      const lladdr = async (address: string) => {
        await lab.exec(asker.vm.name, 'ip', 'neigh', 'flush', 'all')
        await lab.exec(asker.vm.name, 'ping', '-c', '1', '-W', '1', address)
        return (await lab.exec(asker.vm.name, 'ip', 'neigh', 'show', address)).stdout.match(/lladdr (\S+)/)?.[1]
      }
      await lab.exec(owner.vm.name, 'ip', 'link', 'set', 'eth0', 'down')
      for (const address of known) t.equal(await lladdr(address), undefined, `${address}: the owner does not answer`)
      const path = `/v1/projects/${owner.vnic.project}/ports/${owner.port?.id}`
      t.match(await scene.api.must('PATCH', path, { ip_addresses: known }), { ip_addresses: known })
      for (const address of known)
        t.equal(await lladdr(address), owner.vnic.mac_address, `${address}: the switch answers`)
      t.equal(await lladdr('10.9.0.9'), undefined, 'an address that is not known')

      await setUp(lab, owner.vm)
      await lab.exec(owner.vm.name, 'ip', 'addr', 'replace', 'fd09::2/64', 'dev', 'eth0')
      await lab.exec(third.vm.name, 'sysctl', '-q', '-w', 'net.ipv6.conf.eth0.accept_dad=1')
      await lab.exec(third.vm.name, 'ip', 'addr', 'add', 'fd09::2/64', 'dev', 'eth0')
      await until('the owner to defend its address', async () => {
        return /dadfailed/.test((await lab.exec(third.vm.name, 'ip', '-6', 'addr', 'show', 'dev', 'eth0')).stdout)
      })

      t.match(await scene.api.must('PATCH', path, { ip_addresses: [] }), { ip_addresses: [] })
      t.same(await scene.wrongs(), [])
      await lab.exec(owner.vm.name, 'ip', 'link', 'set', 'eth0', 'down')
      await lab.settle()
      for (const address of known) t.equal(await lladdr(address), undefined, `${address}: no longer known`)
      for (const each of [asker, owner, third]) await scene.remove(each)
    })
  }
})
