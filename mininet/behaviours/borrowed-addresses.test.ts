/** An address of one port that another port may send as: nobody but its present holder answers for it. */
import { setUp } from '../carrier.ts'
import { differences, type Send } from '../experiment.ts'
import { broadcast, frame } from '../frames.ts'
import { onStage } from '../onstage.ts'
import type { Station } from '../scene.ts'

const SHARED = ['10.9.0.100', 'fd09::100'] as const

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(':', ''), 'hex')
const sharedIpv4 = Buffer.from([10, 9, 0, 100])
const sharedIpv6 = hex('fd090000000000000000000000000100')

/** Announcements of the shared addresses: gratuitous ARP as a request and as a reply, and an unsolicited advertisement. */
function announcements(from: Station, to: readonly string[]): Send[] {
  const source = from.vnic.mac_address
  const arp = (operation: 1 | 2) =>
    Buffer.concat([hex(`000108000604000${operation}`), hex(source), sharedIpv4, hex('000000000000'), sharedIpv4])
  const advertisement = Buffer.concat([hex('8800000020000000'), sharedIpv6, hex('0201'), hex(source)])
  const ipv6 = Buffer.concat([
    hex(`6000000000${advertisement.length.toString(16)}3aff`),
    sharedIpv6,
    hex('ff020000000000000000000000000001'),
    advertisement,
  ])
  const kinds = [
    ['gratuitous ARP, request', 0x0806, arp(1)],
    ['gratuitous ARP, reply', 0x0806, arp(2)],
    ['unsolicited advertisement', 0x86dd, ipv6],
  ] as const
  return kinds.map(([what, etherType, payload], index) => {
    const bytes = frame(index + 1, { source, destination: broadcast, etherType, payload })
    return { from: from.vm.name, what, number: index + 1, bytes, to }
  })
}

await onStage('borrowed addresses', { hypervisors: 2 }, async (t, scene) => {
  const { lab } = scene
  const [h1, h2] = [lab.hypervisor(1), lab.hypervisor(2)]
  const patch = ({ vnic, port }: Station, body: object) =>
    scene.api.must('PATCH', `/v1/projects/${vnic.project}/ports/${port?.id}`, body)
  /** The MAC address that a VM is told for an address; undefined: nobody answers. */
  async function told({ vm }: Station, address: string): Promise<string | undefined> {
    await lab.exec(vm.name, 'ip', 'neigh', 'flush', 'all')
    await lab.exec(vm.name, 'ping', '-c', '1', '-W', '1', address)
    return (await lab.exec(vm.name, 'ip', 'neigh', 'show', address)).stdout.match(/lladdr (\S+)/)?.[1]
  }

  for (const [place, engines] of [
    ['the same hypervisor', ['vxlan', 'vlan', 'flat']],
    ['another hypervisor', ['vxlan', 'geneve', 'vlan']],
  ] as const) {
    for (const engine of engines) {
      await t.test(
        `B89 ${engine}: a guest on ${place} takes over an address of a port, and gives it back`,
        async (t) => {
          const network = await scene.network(engine)
          const station = (n: number, hypervisor: typeof h1) =>
            scene.station({ hypervisor, network, addresses: [`10.9.0.${n}/16`, `fd09::${n}/64`] })
          const owner = await station(1, h1)
          const other = await station(2, place === 'the same hypervisor' ? h1 : h2)
          const askers = [await station(3, h1), await station(4, h2)]
          await patch(owner, { ip_addresses: ['10.9.0.1', 'fd09::1', ...SHARED] })
          await patch(other, { ip_addresses: ['10.9.0.2', 'fd09::2'] })
          /** What each asker is told for each of the shared addresses. */
          const all = async () => {
            await lab.settle()
            return await Promise.all(
              askers.map(async (asker) => [await told(asker, SHARED[0]), await told(asker, SHARED[1])]),
            )
          }
          const [own, its] = [owner.vnic.mac_address, other.vnic.mac_address]
          // On physical networks, hypervisors know only the addresses of their own guests.
          const known =
            engine === 'vlan' || engine === 'flat'
              ? [[own, own], []]
              : [
                  [own, own],
                  [own, own],
                ]
          const answered = () => known.map((each) => (each.length > 0 ? each : [undefined, undefined]))

          await lab.exec(owner.vm.name, 'ip', 'link', 'set', 'eth0', 'down')
          t.same(await all(), answered(), 'the switches answer while nobody else may have the addresses')

          await patch(other, { allowed_address_pairs: SHARED.map((ip_prefix) => ({ ip_prefix })) })
          const nobody = askers.map(() => [undefined, undefined])
          t.same(await all(), nobody, 'no holder, no answer')
          for (const address of [`${SHARED[0]}/32`, `${SHARED[1]}/128`])
            await lab.exec(other.vm.name, 'ip', 'addr', 'add', address, 'dev', 'eth0')
          const sends = announcements(
            other,
            [owner, ...askers].map(({ vm }) => vm.name),
          )
          await setUp(lab, owner.vm)
          const members = [...scene.stations.keys()]
          t.same(differences(sends, await lab.experiment(sends), members), [], 'everybody hears its announcements')
          await lab.exec(owner.vm.name, 'ip', 'link', 'set', 'eth0', 'down')
          t.same(
            await all(),
            askers.map(() => [its, its]),
            'whoever asks is told the holder',
          )

          await patch(other, { allowed_address_pairs: [{ ip_prefix: '10.9.0.96/28' }] })
          t.same(
            await all(),
            known.map((each) => [its, each[1]]),
            'a prefix, in one family',
          )
          await patch(other, { allowed_address_pairs: [] })
          t.same(await all(), answered(), 'the pairs are gone')
          await patch(other, { port_security: false })
          t.same(
            await all(),
            askers.map(() => [its, its]),
            'a guest without port security may have any address',
          )
          await scene.remove(other)
          t.same(await all(), answered(), 'the VNIC is gone')
          for (const each of [...scene.stations.values()]) await scene.remove(each)
        },
      )
    }
  }

  await t.test(
    'B90 vlan: a guest that moves is announced, but not for an address that another guest may hold',
    async (t) => {
      const network = await scene.network('vlan')
      const owner = await scene.station({ hypervisor: h1, network })
      const other = await scene.station({ hypervisor: h2, network })
      await patch(owner, { ip_addresses: ['10.9.0.1', SHARED[0]] })
      await patch(other, { ip_addresses: ['10.9.0.2'], allowed_address_pairs: [{ ip_prefix: SHARED[0] }] })
      const stop = await lab.overhear(0x0806)
      await scene.move(owner, h2)
      await scene.move(owner, h1)
      const announced = (await stop())
        .filter(({ tap }) => tap === 'outside-eth1')
        .map(({ hex }) => Buffer.from(hex, 'hex'))
        .map((bytes) => bytes.subarray(bytes.readUInt16BE(12) === 0x8100 ? 18 : 14))
        .map((arp) => arp.subarray(14, 18).join('.'))
      t.ok(announced.includes('10.9.0.1'), 'its own address')
      t.notOk(announced.includes(SHARED[0]), 'not the shared one')
      for (const each of [...scene.stations.values()]) await scene.remove(each)
    },
  )
})
