/**
 * What a guest sends and must not send: its VNIC says how many frames were dropped, since when they are counted, and what a late one
 * shows. The count is that of the switch, however few frames the controller gets.
 */
import { broadcast, type FrameFields, frame } from '../frames.ts'
import { onStage } from '../onstage.ts'
import { deliver } from '../probes.ts'
import type { Station } from '../scene.ts'
import { until } from '../until.ts'

interface Drops {
  readonly count: number
  readonly since: string
  readonly example: string | null
}

/** Sends a frame (1) from eth0 a number of times (2), as fast as it can. */
const FLOOD = `
import socket, sys
out = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
out.bind(('eth0', 0))
frame = bytes.fromhex(sys.argv[1])
sent = 0
while sent < int(sys.argv[2]):
    try:
        sent += out.send(frame) // len(frame)
    except OSError:
        pass
`

await onStage('guard drops', { hypervisors: 2 }, async (t, scene) => {
  const { lab } = scene
  const [h1, h2] = [lab.hypervisor(1), lab.hypervisor(2)]
  const plain = await scene.network('vlan')
  const addressed = await scene.network('vxlan')
  const station = (network: typeof plain) => scene.station({ hypervisor: h1, network })
  const [one, other, guest] = [await station(plain), await station(plain), await station(addressed)]

  const dropsOf = async ({ vnic }: Station) =>
    (await scene.api.must<{ guard_drops: Drops | null }>('GET', `/v1/projects/tests/vnics/${vnic.id}`)).guard_drops
  const send = async (from: Station, count: number, fields: Partial<FrameFields>) => {
    await lab.settle()
    const { wrong } = await deliver(
      lab,
      Array.from({ length: count }, (_, at) => {
        const bytes = frame(at + 1, { source: from.vm.mac, destination: broadcast, ...fields })
        return { from: from.vm.name, what: 'frame', number: at + 1, bytes, to: [] }
      }),
    )
    t.same(wrong, [])
  }
  const counted = (of: Station, count: number, example: RegExp | null) =>
    until(`${count} dropped frames`, async () => {
      const drops = await dropsOf(of)
      if (drops?.count !== count) return false
      return (example === null ? drops.example === null : example.test(drops.example ?? '')) && drops
    })
  /** The number of frames that the switch has refused, by its own counter. */
  const refusedBy = async ({ id }: { readonly id: string }, { port }: Station): Promise<number> => {
    const { flows } = await scene.api.must<{ flows: ReadonlyArray<{ flow: string }> }>(
      'GET',
      `/v1/hypervisors/${id}/flows?port_id=${port?.id}`,
    )
    const [, key] = /table=11, .*\b(reg0=0x[0-9a-f]+)/.exec(flows.map(({ flow }) => flow).join('\n')) ?? []
    const dump = await lab.hypervisor(Number(id.slice(-1))).ofctl('dump-flows', 'br-int', `table=11,${key}`)
    return Number(/n_packets=(\d+)/.exec(dump)?.[1])
  }

  await t.test('B76 a guest that sends from a wrong MAC address: count, since when, and an example', async (t) => {
    t.equal(await dropsOf(one), null)
    const before = Date.now()
    await send(one, 7, { source: '02:aa:00:00:00:09' })
    const drops = await counted(one, 7, new RegExp(`^sends as 02:aa:00:00:00:09, expected ${one.vm.mac}$`))
    t.match(drops.since, /^\d{4}-\d\d-\d\dT.*Z$/)
    t.ok(Date.parse(drops.since) < before)
    t.equal(await dropsOf(other), null, 'nobody else')
    await send(one, 3, { source: '02:bb:00:00:00:09' })
    t.equal((await counted(one, 10, /^sends as 02:bb/)).since, drops.since)
  })

  await t.test('B76 thousands of frames are all counted, though the controller sees a few', async (t) => {
    for (let sent = 100; sent <= 2_000; sent += 100) {
      await send(one, 100, { source: '02:cc:00:00:00:09' })
      // A socket of the switch holds no more frames of one burst than about 270. The others are lost before it sees them.
      await until(`${10 + sent} frames`, async () => (await refusedBy(h1, one)) === 10 + sent)
    }
    await counted(one, 2_010, /^sends as 02:cc/)
    t.equal(await dropsOf(other), null)
  })

  await t.test('B76 a flood of 100,000 frames: the count is that of the switch, and others work', async (t) => {
    const bytes = frame(1, { source: '02:dd:00:00:00:09', destination: broadcast }).toString('hex')
    const flood = await lab.exec(one.vm.name, 'python3', '-c', FLOOD, bytes, '100000')
    t.equal(flood.code, 0, flood.stderr)
    const { count } = await until('the count of the switch', async () => {
      const [refused, drops] = [await refusedBy(h1, one), await dropsOf(one)]
      return refused > 2_010 && drops?.count === refused && drops
    })
    t.comment(`the switch has received and dropped ${count} frames in all`)
    t.match((await dropsOf(one))?.example, /^sends as 02:dd/)
    const ping = await lab.exec(other.vm.name, 'ping', '-c', '3', '-W', '5', one.vm.addresses[0]?.split('/')[0] ?? '')
    t.match(ping.stdout, /3 received/)
  })

  await t.test('B77 a count outlives changes of rules, moves, and a switch that restarts', async (t) => {
    const { count, since } = (await dropsOf(one)) ?? { count: 0, since: '' }
    await scene.setAdmin(one, false)
    await scene.setAdmin(one, true)
    await send(one, 5, { source: '02:ee:00:00:00:01' })
    t.equal((await counted(one, count + 5, /^sends as 02:ee:00:00:00:01/)).since, since)
    await scene.move(one, h2)
    await send(one, 4, { source: '02:ee:00:00:00:02' })
    t.equal((await counted(one, count + 9, /^sends as 02:ee:00:00:00:02/)).since, since)
    await h2.kill('ovs-vswitchd')
    await h2.start('ovs-vswitchd')
    await scene.vnicIs(one.vnic.id, 'active')
    await until('the rules', async () => (await refusedBy(h2, one)) === 0)
    await send(one, 6, { source: '02:ee:00:00:00:03' })
    t.equal((await counted(one, count + 15, /^sends as 02:ee:00:00:00:03/)).since, since)
  })

  await t.test('B77 after a restart of the controller, the count of the present switch is there', async (t) => {
    const refused = await refusedBy(h2, one)
    await lab.controller.stop('SIGKILL')
    await lab.controller.start()
    await counted(one, refused, null)
    await send(one, 1, { source: '02:ee:00:00:00:04' })
    await counted(one, refused + 1, /^sends as 02:ee:00:00:00:04/)
    t.equal(await dropsOf(other), null)
  })

  await t.test('B78 an example for each kind of frame', async (t) => {
    const octets = (...parts: ReadonlyArray<string | readonly number[]>) =>
      Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part, 'hex') : Buffer.from(part))))
    const path = `/v1/projects/tests/ports/${guest.port?.id}`
    await scene.api.must('PATCH', path, { ip_addresses: ['10.9.0.1'] })
    const own = guest.vm.mac.replaceAll(':', '')
    const linkLocal = `fe80${'00'.repeat(13)}09`
    const kinds: ReadonlyArray<readonly [RegExp, Partial<FrameFields>]> = [
      [
        /^sends as 10\.9\.0\.9, expected 10\.9\.0\.1$/,
        {
          etherType: 0x0800,
          payload: octets('450000200000000040010000', [10, 9, 0, 9], [10, 9, 0, 2], '0000'.repeat(6)),
        },
      ],
      [
        /^sends ARP as 10\.9\.0\.9, expected 10\.9\.0\.1$/,
        {
          etherType: 0x0806,
          payload: octets('0001080006040001', own, [10, 9, 0, 9], '000000000000', [10, 9, 0, 2]),
        },
      ],
      [
        /^sends as fe80::9, expected fe80::/,
        {
          etherType: 0x86dd,
          payload: octets('6000000000083a40', linkLocal, `ff02${'00'.repeat(13)}01`, '8000000000000000'),
        },
      ],
      [
        /^sends as a DHCP server$/,
        {
          etherType: 0x0800,
          payload: octets(
            '450000300000000040110000',
            [10, 9, 0, 1],
            [255, 255, 255, 255],
            '00430044001c0000',
            '00'.repeat(20),
          ),
        },
      ],
      [
        /^sends as a router$/,
        {
          etherType: 0x86dd,
          payload: octets(
            '6000000000103aff',
            linkLocal,
            `ff02${'00'.repeat(13)}01`,
            '8600000040000000',
            '00'.repeat(8),
          ),
        },
      ],
      [/^sends with VLAN tag 7, which its port does not take$/, { tags: [{ vid: 7 }] }],
      [/^sends EtherType 0x88b5, which its port does not allow$/, {}],
    ]
    for (const [index, [example, fields]] of kinds.entries()) {
      await send(guest, 3, fields)
      await counted(guest, 3 * (index + 1), example)
      t.pass(String(example))
    }
  })

  await t.test('B76 a VNIC that is unplugged begins anew, and no rule and no meter is left', async (t) => {
    for (const each of [one, other, guest]) await scene.unplug(each)
    t.same([...(await h1.rules()), ...(await h2.rules())], [])
    t.equal(await dropsOf(one), null)
    await scene.plug(one, plain)
    t.equal(await dropsOf(one), null)
    await send(one, 2, { source: '02:aa:00:00:00:09' })
    await counted(one, 2, /^sends as 02:aa/)
  })
})
