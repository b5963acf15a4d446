/** What the guards of VNICs have refused: when switches are asked, what they cannot do, and what they send that is no example. */
import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { cookieOf } from '../../flows/pipeline/cookie.ts'
import { REFUSED } from '../../flows/pipeline/table.ts'
import type { Key, PortId, VnicId } from '../../topology/ids.ts'
import { PROJECT } from '../support/controller.ts'
import type { FakeSwitch } from '../support/fake-switch.ts'
import { hypervisorId } from '../support/nodes.ts'
import { cloudOf, until } from '../support/switches.ts'

/** Two intervals at which switches are asked. */
const TWO_READS_MS = 4_500

/** A VNIC on a switch, and what happens to its frames. */
async function guarded(t: Test, prepare: (here: FakeSwitch) => void = () => {}) {
  const cloud = await cloudOf(t, 2)
  const { controller, connect, call, plug, realised } = cloud
  const here = await connect(0)
  prepare(here)
  const vnic = await plug(await call('create_network', {}), 0)
  t.equal((await realised(vnic)).status, 'active')
  const show = (id = vnic) => controller.operations.vnics.show(PROJECT, id)
  const keyOf = (id: VnicId) => controller.graph.ports.get(show(id).port_id as PortId)?.key ?? (0 as Key)
  const cookie = cookieOf(keyOf(vnic))
  /** The switch has counted so many refused frames. */
  const refuse = (packets: bigint) => {
    for (const [key, flow] of here.flows) {
      if (flow.table !== REFUSED.number || flow.cookie !== cookie) continue
      here.stats.set(key, { packets, duration: { seconds: 100, nanoseconds: 0 } })
    }
  }
  const frameFrom = (source: string) => Buffer.from(`ffffffffffff${source.replaceAll(':', '')}0806`, 'hex')
  /** The switch sends a refused frame. */
  const see = (source: string, by = here, from = cookie) => by.ask(from, 11, frameFrom(source), REFUSED.number)
  return { ...cloud, here, vnic, show, refuse, see }
}

t.test('B79: a switch without meters takes the rules of plain networks, and counts', async (t) => {
  const { controller, here, show, refuse } = await guarded(t, (here) => {
    here.knowsMeters = false
    here.refusesMeter = () => true
  })
  t.strictSame(here.meterMods, [])
  t.match(
    here.lines().filter((line) => line.includes('table=11,')),
    [/ actions=drop$/],
  )
  const { missing, extra } = await controller.operations.hypervisors.flows(hypervisorId(0), {}, true)
  t.strictSame({ missing, extra }, { missing: [], extra: [] })
  refuse(7n)
  await until(() => show().guard_drops !== null)
  t.match(show(), { guard_drops: { count: 7, example: null } })
})

t.test('B79: counters are read only after their sum has changed', async (t) => {
  const { here, show, refuse } = await guarded(t)
  const reads = () => here.dumps.filter((table) => table === REFUSED.number).length
  await sleep(TWO_READS_MS)
  t.equal(reads(), 0, 'nothing was refused')
  refuse(7n)
  await until(() => show().guard_drops !== null)
  t.equal(reads(), 1)
  await sleep(TWO_READS_MS)
  t.equal(reads(), 1)
})

t.test('B79: frames that are no example are ignored', async (t) => {
  const { connect, controller, here, vnic, show, refuse, see } = await guarded(t)
  const there = await connect(1)
  await until(() => controller.fleet.get(hypervisorId(1))?.ready === true)
  see('02:aa:00:00:00:01', there)
  see('02:aa:00:00:00:02', here, 5n)
  see('02:aa:00:00:00:03', here, cookieOf(1 as Key))
  here.ask(cookieOf(controller.graph.ports.get(show().port_id as PortId)?.key ?? (0 as Key)), 11, new Uint8Array(), 11)
  refuse(7n)
  await until(() => show().guard_drops !== null)
  t.match(show(), { guard_drops: { count: 7, example: 'sends a frame that is too short' } })
  await sleep(600)
  see('02:aa:00:00:00:04')
  await until(() => /02:aa:00:00:00:04/.test((show().guard_drops as { example: string }).example))
  await controller.operations.vnics.unplug(PROJECT, vnic, null)
  t.equal(show().guard_drops, null)
})
