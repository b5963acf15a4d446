/** Hypervisors that never had a VNIC: which are forgotten, and which are not. */
import pino from 'pino'
import t from 'tap'
import { type StrangerLimits, Strangers } from '../../src/hypervisors/strangers.ts'
import type { HypervisorId } from '../../topology/ids.ts'
import { hypervisorId } from '../support/nodes.ts'
import { projectOn, RED } from '../support/project.ts'
import { until } from '../support/switches.ts'

type Test = Parameters<typeof projectOn>[0]

const EVER = 1_000_000

/** Hypervisors 0 to 3, which never had a VNIC. Number 0 is connected. */
async function joined(t: Test) {
  const project = await projectOn(t)
  for (const n of [0, 1, 2, 3]) await project.host(n, { hadVnic: false })
  const { graph, journal } = project.controller
  const forgotten: HypervisorId[] = []
  const start = (limits: StrangerLimits) => {
    const strangers = new Strangers({
      graph,
      limits,
      write: (operation) => journal.write(operation),
      log: pino({ level: 'silent' }),
      isConnected: (id) => id === hypervisorId(0),
      forgotten: (id) => forgotten.push(id),
    })
    t.teardown(() => strangers.close())
    return strangers
  }
  const there = () => [...graph.hypervisors.keys()].sort()
  return { ...project, start, there, forgotten, graph }
}

t.test('B126: those that have gone are forgotten after their time, but not the connected ones', async (t) => {
  const { start, there, forgotten } = await joined(t)
  start({ forgetMs: 1, maxGone: EVER })
  await until(() => there().length === 1)
  t.same(there(), ['hv0'])
  t.same(forgotten.sort(), ['hv1', 'hv2', 'hv3'])
})

t.test('B126: beyond their number, the one that left first is forgotten', async (t) => {
  const { start, there } = await joined(t)
  const strangers = start({ forgetMs: EVER, maxGone: 2 })
  strangers.reached(hypervisorId(0))
  strangers.reached(hypervisorId(1))
  await until(() => there().length === 3)
  t.same(there(), ['hv0', 'hv2', 'hv3'])
})

t.test('B126: one that has had a VNIC stays, and so does one that somebody has named', async (t) => {
  const { start, there, vnic, port, bind, call, plug, graph } = await joined(t)
  const [had, pinned] = [await vnic(), await vnic({ requested_hypervisor: 'hv2' })]
  await bind(had, 1)
  t.equal(graph.hypervisors.get(hypervisorId(1))?.hadVnic, false, 'an interface is no VNIC in a port')
  await plug(had, await port(), {})
  t.equal(graph.hypervisors.get(hypervisorId(1))?.hadVnic, true)
  await call('DELETE', `${RED}/vnics/${had}`)
  start({ forgetMs: 1, maxGone: 0 })
  await until(() => there().length === 3)
  t.same(there(), ['hv0', 'hv1', 'hv2'])
  await call('DELETE', `${RED}/vnics/${pinned}`)
})
