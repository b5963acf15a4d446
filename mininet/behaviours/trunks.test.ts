/** Trunks: one VNIC in many networks, each with a VLAN tag (B25), on physical networks and in tunnels. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Network, Port } from '../api.ts'
import { project } from '../cloud-state.ts'
import { prepareMigration } from '../compute.ts'
import { frame, readFrame, type Tag } from '../frames.ts'
import { migrate, RARP } from '../live-migration.ts'
import { onStage } from '../onstage.ts'
import type { Station } from '../scene.ts'
import { until } from '../until.ts'

const BROADCAST = 'ff:ff:ff:ff:ff:ff'
const [Q, AD] = [0x8100, 0x88a8]
/** The tag of the guest's frames. It is no VLAN of the physical network. */
const TAG = 77
/** The request in the example of the docs page. */
const example =
  /```json\n(.*?)```/s.exec(readFileSync(join(import.meta.dirname, '../../docs/trunks.md'), 'utf8'))?.[1] ?? ''

await onStage('trunks', { hypervisors: 2 }, async (t, scene) => {
  const { lab, api } = scene
  const [h1, h2] = [lab.hypervisor(1), lab.hypervisor(2)]
  const path = ({ id }: Port) => `/v1/projects/${project}/ports/${id}`
  const carry = (parent: Port, ...subs: Array<readonly [number, Port]>) =>
    api.must<Port>('PATCH', path(parent), { trunk: subs.map(([vlan_id, { id }]) => ({ vlan_id, port_id: id })) })
  const active = (port: Port) =>
    until('the sub-port to be active', async () => (await scene.showPort(port)).status === 'active')
  /** The frames with these tags that each VM receives: `3 vm2 77` is the frame at position 3 of the list, at vm2, with tag 77. */
  const heard = async (sends: ReadonlyArray<{ from: Station; tags?: readonly Tag[]; arpOf?: string }>) => {
    await lab.settle()
    const arrivals = await lab.experiment(
      sends.map(({ from: { vm }, tags = [], arpOf }, index) => ({
        from: vm.name,
        what: 'broadcast',
        number: index + 1,
        bytes: frame(index + 1, {
          source: vm.mac,
          destination: BROADCAST,
          tags,
          ...(arpOf ? { etherType: 0x0806, payload: question(vm.mac, arpOf) } : {}),
        }),
        to: [],
      })),
    )
    const names = new Set(lab.vms.map(({ name }) => name))
    const seen = arrivals.map(({ tap, direction, hex }) => ({ tap, direction, ...readFrame(hex) }))
    return {
      vms: seen
        .filter(({ tap, direction }) => names.has(tap) && direction === 'in')
        .map(({ tap, number, vids }) => `${number} ${tap} ${vids}`)
        .sort(),
      cables: new Set(seen.filter(({ tap }) => !names.has(tap)).map(({ number }) => number)),
      seen,
    }
  }

  for (const [homeEngine, awayEngine] of [
    ['vlan', 'vxlan'],
    ['vxlan', 'vlan'],
  ] as const) {
    await t.test(`a VM in ${homeEngine}, and in ${awayEngine} and ${homeEngine} by tags`, async (t) => {
      const [home, away, third] = [
        await scene.network(homeEngine),
        await scene.network(awayEngine),
        await scene.network(homeEngine),
      ]
      const inside = (network: Network, hypervisor: typeof h1, address: string) =>
        scene.station({ hypervisor, network, addresses: [`${address}/24`] })
      const trunked = await inside(home, h1, '10.1.0.1')
      const beside = await inside(home, h2, '10.1.0.2')
      const [near, far] = [await inside(away, h1, '10.2.0.2'), await inside(away, h2, '10.2.0.3')]
      const stranger = await inside(third, h2, '10.3.0.2')
      const [parent, sub, other] = [
        trunked.port as Port,
        await api.createPort(project, away.id),
        await api.createPort(project, third.id),
      ]
      const before = await h1.rules()
      await api.must('PATCH', path(parent), JSON.parse(example.replace('PORT', sub.id)))
      await active(sub)
      const after = await h1.rules()
      const lost = before.filter((rule) => !after.includes(rule))
      // Copies, tunnels and the rule by which the switch forgets cached decisions change with each member.
      t.same(
        lost.filter((rule) => !/dl_dst=01:00:00:00:00:00|tun|priority=65535,pkt_mark/.test(rule)),
        [],
      )

      const name = ({ vm }: Station) => vm.name
      const copies = (...all: Array<readonly [number, Station, string]>) =>
        all.map(([number, to, vids]) => `${number} ${name(to)} ${vids}`).sort()

      await t.test('B25 each frame is in the network of its tag, once, or nowhere', async (t) => {
        const good: Tag[][] = [[], [{ vid: TAG }], [{ type: AD, vid: TAG }]]
        const vids = [home, away, third].flatMap(({ segment }) => segment.vlan_id ?? [])
        const bad: Tag[][] = [...vids, 0, 101].flatMap((vid) => [[{ vid }], [{ type: AD, vid }]])
        for (const vid of [...vids, 0, TAG, 101]) {
          for (const outer of [Q, AD]) {
            for (const inner of [Q, AD]) {
              bad.push([
                { type: outer, vid: TAG },
                { type: inner, vid },
              ])
              bad.push([
                { type: outer, vid },
                { type: inner, vid: TAG },
              ])
              bad.push([
                { type: outer, vid: 0 },
                { type: inner, vid },
              ])
            }
          }
        }
        const { vms, cables } = await heard([...good, ...bad].map((tags) => ({ from: trunked, tags })))
        t.same(vms, copies([1, beside, ''], [2, near, ''], [2, far, ''], [3, near, ''], [3, far, '']))
        const astray = bad.filter((_, index) => cables.has(index + good.length + 1))
        t.same(astray, [], 'and it is not seen on a cable')
      })

      await t.test(
        'B23 the VM has a copy of what is for all of each network, under its tag, and others have none',
        async (t) => {
          const { vms } = await heard([beside, near, far, stranger].map((from) => ({ from })))
          const others = [[2, far, ''] as const, [3, near, ''] as const]
          t.same(vms, copies([1, trunked, ''], [2, trunked, String(TAG)], [3, trunked, String(TAG)], ...others))
        },
      )

      await t.test('a tag from the physical network does not look like one of the trunk', async (t) => {
        if (home.segment.vlan_id === undefined) return
        const bytes = frame(1, {
          source: '02:aa:00:00:00:01',
          destination: BROADCAST,
          tags: [{ vid: home.segment.vlan_id }, { vid: TAG }],
        })
        const arrivals = await lab.experiment([{ from: 'outside-eth1', what: 'tags', number: 1, bytes, to: [] }])
        const names = [trunked, beside].map(name)
        const got = arrivals.filter(({ tap, direction }) => names.includes(tap) && direction === 'in')
        t.same(
          got.map(({ tap }) => tap),
          [name(beside)],
          'a VM without a trunk gets the inner tag',
        )
      })

      await t.test('a request under a tag is answered under that tag, to the sender only', async (t) => {
        await api.must('PATCH', path(near.port as Port), { ip_addresses: ['10.2.0.2'] })
        const { vms } = await heard([{ from: trunked, tags: [{ vid: TAG }], arpOf: '10.2.0.2' }])
        t.same(vms, copies([1, trunked, String(TAG)]))
        await api.must('PATCH', path(near.port as Port), { ip_addresses: [] })
      })

      const under = async () => (await heard([{ from: trunked, tags: [{ vid: TAG }] }, { from: trunked }])).vms
      const both = copies([1, near, ''], [1, far, ''], [2, beside, ''])

      await t.test('sub-ports are added and removed', async (t) => {
        await carry(parent, [TAG, other])
        await active(other)
        t.same(await under(), copies([1, stranger, ''], [2, beside, '']), 'the tag leads elsewhere')
        await carry(parent, [TAG, sub])
        await active(sub)
        t.same(await under(), both)
        await scene.setAdmin(trunked, false)
        t.same(await under(), [], 'down together with its parent port')
        await scene.setAdmin(trunked, true)
        await active(sub)
        t.same(await under(), both)
        await carry(parent)
        t.same(await under(), copies([2, beside, '']))
      })

      await t.test('a move takes all networks of the trunk along', async (t) => {
        await carry(parent, [TAG, sub])
        await scene.move(trunked, h2)
        await active(sub)
        t.same(await under(), both)
        t.notOk(
          (await h1.rules()).some((rule) => rule.includes(`dl_vlan=${TAG} actions=pop_vlan`)),
          'nothing is left there',
        )
      })

      await t.test('a live migration takes all networks along, and each is announced', async (t) => {
        await carry(parent, [TAG, sub], [TAG + 1, other])
        await active(other)
        const flowsAt = async (host: typeof h1, query: string) => {
          const path = `/v1/hypervisors/${host.id}/flows?${query}&actual=true`
          return await api.must<{ flows: Array<{ flow: string }>; missing: unknown[]; extra: unknown[] }>('GET', path)
        }
        const heardOf = await lab.overhear(RARP)
        await prepareMigration({ url: api.url, project }, trunked.vnic.id, h1.id)
        const prepared = await flowsAt(h1, `network_id=${third.id}`)
        t.ok(
          prepared.flows.length > 0 && prepared.missing.length === 0,
          'prepared, although the network has no other member there',
        )
        await migrate(scene, trunked, h1)
        for (const port of [sub, other]) await active(port)
        const vids = [home, away, third].flatMap(({ segment }) => segment.vlan_id ?? []).sort()
        const told = async () => {
          const frames = (await heardOf()).filter(({ tap, direction }) => /^fabric1-/.test(tap) && direction === 'in')
          return [...new Set(frames.map(({ tap, hex }) => `${tap} ${readFrame(hex).vids}`))].sort()
        }
        await until('each of its VLANs to be told', async () => (await told()).length >= vids.length)
        const from = copies([1, near, ''], [1, far, ''], [2, stranger, ''], [3, beside, ''])
        const sends = [[{ vid: TAG }], [{ vid: TAG + 1 }], []].map((tags) => ({ from: trunked, tags }))
        t.same((await heard(sends)).vms, from)
        const to = copies([1, trunked, ''], [2, trunked, String(TAG)], [2, near, ''], [3, trunked, String(TAG + 1)])
        t.same((await heard([beside, far, stranger].map((from) => ({ from })))).vms, to)
        t.same(
          await told(),
          vids.map((vid) => `fabric1-${h1.id} ${vid}`),
          'only from there, with the tag of each network',
        )
        for (const port of [parent, sub, other]) {
          const { flows } = await flowsAt(h2, `port_id=${port.id}`)
          const here = flows.filter(({ flow }) => !flow.includes(`${h1.encapIp}->tun_dst`))
          t.same(here, [], 'the old hypervisor has at most rules that lead to the new one')
        }
        for (const host of [h1, h2]) t.match(await flowsAt(host, ''), { missing: [], extra: [] })
        t.notOk(
          (await h2.rules()).some((rule) => /dl_vlan=7[78] actions=pop_vlan/.test(rule)),
          'nothing is left at the old place',
        )
      })

      for (const station of [trunked, beside, near, far, stranger]) await scene.remove(station)
      for (const host of [h1, h2]) await until('no rule to be left', async () => (await host.rules()).length === 0)
    })
  }
})

/** An ARP request (RFC 826) for an IPv4 address. */
function question(mac: string, address: string): Buffer {
  const octets = (text: string) => Buffer.from(text.split('.').map(Number))
  const head = Buffer.from('0001080006040001', 'hex')
  const sender = Buffer.concat([Buffer.from(mac.replaceAll(':', ''), 'hex'), octets('10.2.0.1')])
  return Buffer.concat([head, sender, Buffer.alloc(6), octets(address)])
}
