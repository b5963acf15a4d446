/** Tests the lab itself, with rules made by hand: allowed frames pass, and a leak, a duplicate and a loss are each detected. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { access } from 'node:fs/promises'
import { createInterface } from 'node:readline'
import t from 'tap'
import { differences } from './experiment.ts'
import { arpRequest, broadcast, frame, readFrame } from './frames.ts'
import { type Lab, startLab, whyNoLab } from './lab.ts'
import { frameProbes, pingProbes, wrongs } from './probes.ts'
import { until } from './until.ts'

const skip = whyNoLab() ?? false

/** Two hypervisors with a br-int made by hand, patched to br-eth1, and two VMs on each. */
async function labByHand(): Promise<Lab> {
  const lab = await startLab({ hypervisors: 2 })
  for (const host of lab.hypervisors) {
    const made = 'add-br br-int -- set bridge br-int datapath_type=netdev fail_mode=secure'
    const inner = 'add-port br-int to-eth1 -- set Interface to-eth1 type=patch options:peer=to-int ofport_request=100'
    const outer = 'add-port br-eth1 to-int -- set Interface to-int type=patch options:peer=to-eth1'
    await host.vsctl(...`${made} -- ${inner} -- ${outer}`.split(' '))
  }
  for (const n of [1, 2, 3, 4]) {
    const hypervisor = lab.hypervisor(n < 3 ? 1 : 2)
    await lab.addVm({
      name: `vm${n}`,
      hypervisor,
      vnicId: `vnic-${n}`,
      mac: `02:00:00:00:00:0${n}`,
      addresses: [`10.0.0.${n}/24`],
    })
  }
  return lab
}

async function rules(lab: Lab, ...lines: readonly string[]): Promise<void> {
  for (const host of lab.hypervisors) {
    await host.ofctl('del-flows', 'br-int')
    for (const line of lines) await host.ofctl('add-flow', 'br-int', line)
  }
  await lab.settle()
}

t.test('a lab whose rules are made by hand', { skip }, async (t) => {
  const lab = await labByHand()
  t.teardown(() => lab.close())
  const names = lab.vms.map(({ name }) => name)
  const oneNetwork = () => 'all'

  await t.test('without rules nothing passes', async (t) => {
    t.same(await wrongs(lab, () => undefined), [])
  })

  await t.test('with NORMAL all pings pass, and so do broadcast, multicast and unicast, once', async (t) => {
    await rules(lab, 'actions=NORMAL')
    const pings = pingProbes(lab.vms, oneNetwork)
    t.equal(pings.length, 12)
    t.same(differences(pings, await lab.experiment(pings), names), [])
    const frames = frameProbes(lab.vms, oneNetwork).filter(({ to }) => to.length > 0)
    t.same(differences(frames, await lab.experiment(frames), names), [])
  })

  await t.test('frames that pass and should not are leaks, of every kind', async (t) => {
    const found = await wrongs(lab, (vm) => vm.hypervisor.id, { vids: [7] })
    for (const kind of [
      'ping 10.0.0.3',
      'broadcast ARP',
      'multicast',
      'unicast to 02:00:00:00:00:03',
      'IPv6 router advertisement',
    ]) {
      t.ok(found.includes(`leak: ${kind} from vm1 reached vm3, 1 times`), kind)
    }
    for (const kind of [
      'unknown unicast',
      'priority-tagged broadcast',
      'broadcast tagged 7',
      'broadcast forged as another VM',
    ]) {
      t.ok(
        found.some((line) => line.startsWith(`leak: ${kind} from vm1`)),
        kind,
      )
    }
  })

  await t.test('a second copy is a duplicate, a frame that is lost is missing', async (t) => {
    const send = (number: number) => [
      { from: 'vm1', what: 'ARP', number, bytes: arpRequest(number, '02:00:00:00:00:01'), to: ['vm2', 'vm3', 'vm4'] },
    ]
    const wrong = async () => differences(send(5), await lab.experiment(send(5), { limit: 0.5 }), names)
    await rules(lab, 'actions=FLOOD,output:100')
    t.same((await wrong()).sort(), [
      'duplicate: ARP from vm1 reached vm3 2 times',
      'duplicate: ARP from vm1 reached vm4 2 times',
    ])
    await rules(lab, 'priority=50000,in_port=100,actions=drop', 'actions=FLOOD')
    t.same((await wrong()).sort(), [
      'missing: ARP from vm1 did not reach vm3',
      'missing: ARP from vm1 did not reach vm4',
    ])
  })

  await t.test(
    'tags are seen on the physical network, and a frame that lost or won one counts as changed',
    async (t) => {
      await rules(
        lab,
        'priority=50000,in_port=100,actions=FLOOD',
        'actions=push_vlan:0x8100,set_field:4196->vlan_vid,output:100',
      )
      const bytes = frame(1, { source: '02:00:00:00:00:01', destination: broadcast, tags: [{ vid: 7 }] })
      const send = { from: 'vm1', what: 'frame', number: 1, bytes, to: ['vm3', 'vm4'] }
      const arrivals = await lab.experiment([send])
      const seen = (tap: string, direction: string) =>
        arrivals
          .filter((arrival) => arrival.tap === tap && arrival.direction === direction)
          .map(({ hex }) => readFrame(hex).vids)
      t.same(seen('vm3', 'in'), [[100, 7]])
      t.same(seen('outside-eth1', 'in'), [[100, 7]])
      t.same(seen('fabric1-h1', 'in'), [[100, 7]], 'from h1 to the switch')
      t.same(seen('fabric1-h2', 'out'), [[100, 7]], 'from the switch to h2')
      t.match(differences([send], arrivals, names), [/^changed: frame from vm1 reached vm3/, /^changed/])
      const fromOutside = frame(2, { source: '02:00:00:00:00:99', destination: broadcast, tags: [{ vid: 9 }] })
      const outside = { from: 'outside-eth1', what: 'frame', number: 2, bytes: fromOutside, to: names }
      t.same(differences([outside], await lab.experiment([outside]), names), [])
    },
  )

  await t.test('tunnels work, and their copies are counted on the underlay', async (t) => {
    for (const host of lab.hypervisors) {
      const options = `options:remote_ip=flow options:key=flow options:local_ip=${host.encapIp} ofport_request=200`
      await host.vsctl(...`add-port br-int vxlan0 -- set Interface vxlan0 type=vxlan ${options}`.split(' '))
    }
    await rules(lab, 'priority=50000,in_port=200,actions=output:1,output:2')
    const [first, second] = lab.hypervisors
    await first?.ofctl(
      'add-flow',
      'br-int',
      `in_port=1,actions=set_field:77->tun_id,set_field:${second?.encapIp}->tun_dst,output:200`,
    )
    await lab.warmUnderlay()
    const send = { from: 'vm1', what: 'ARP', number: 3, bytes: arpRequest(3, '02:00:00:00:00:01'), to: ['vm3', 'vm4'] }
    const arrivals = await lab.experiment([send])
    t.same(differences([send], arrivals, names), [])
    const onUnderlay = arrivals.filter(({ tap }) => tap.startsWith('underlay'))
    t.same(onUnderlay.map(({ tap, direction, hex }) => [tap, direction, readFrame(hex).tunnel?.key]).sort(), [
      ['underlay-h1', 'in', 77],
      ['underlay-h2', 'out', 77],
    ])
  })

  await t.test('a VM that leaves is gone, a command that fails says so', async (t) => {
    const [gone] = lab.vms
    if (gone === undefined) return
    await lab.removeVm(gone)
    t.same(
      lab.vms.map(({ name }) => name),
      ['vm2', 'vm3', 'vm4'],
    )
    await t.rejects(lab.hypervisor(1).vsctl('no-such-command'), { message: /^h1: ovs-vsctl no-such-command: exit 1/ })
    await t.rejects(lab.exec('vm1', 'true'), { message: 'there is no machine vm1 in the lab' })
    t.throws(() => lab.hypervisor(9), { message: 'the lab has no hypervisor 9' })
  })

  await t.test('a killed vswitchd comes back with its bridges and without its rules', async (t) => {
    const host = lab.hypervisor(1)
    await rules(lab, 'actions=NORMAL')
    t.equal((await host.rules()).length, 1)
    await host.kill('ovs-vswitchd')
    t.not((await host.exec('ovs-ofctl', 'show', 'br-int')).code, 0)
    await host.start('ovs-vswitchd')
    await host.bridgeReady()
    t.same(await host.rules(), [])
    await host.kill('ovsdb-server')
    t.not((await host.exec('ovs-vsctl', 'show')).code, 0)
    await host.start('ovsdb-server')
    t.match(await host.vsctl('list-br'), /br-int/)
  })
})

t.test('two labs side by side share nothing, and leave nothing when their owner is killed', { skip }, async (t) => {
  const program = `import { startLab } from '${new URL('./lab.ts', import.meta.url)}'
    const labs = await Promise.all([startLab({ hypervisors: 1 }), startLab({ hypervisors: 1 })])
    for (const lab of labs) console.log(await lab.writeDoor())
    setInterval(() => {}, 1000)`
  const owner = spawn(process.execPath, ['--input-type=module-typescript', '--eval', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const doors: string[] = []
  for await (const line of createInterface({ input: owner.stdout })) {
    doors.push(line)
    if (doors.length === 2) break
  }
  owner.kill('SIGKILL')
  await once(owner, 'close')
  for (const door of doors) {
    const gone = await until(`${door} to vanish`, async () =>
      access(door).then(
        () => false,
        () => true,
      ),
    )
    t.ok(gone, 'the files are removed, which is the last step of the lab')
  }
})
