/**
 * Live migration: a VM goes on at another hypervisor while others ping it every 10 ms. Its twin there has its MAC address, its
 * IP addresses and what it knows of its neighbours, as a VM whose memory was moved.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { addInterface, callOffMigration, prepareMigration, type Vnic } from '../compute.ts'
import type { Hypervisor } from '../hypervisor.ts'
import type { Vm } from '../lab.ts'
import { onStage } from '../onstage.ts'
import { project, type Station } from '../scene.ts'

/** At a hand-over so many pings, one every 10 ms, may be lost. */
const MOST_LOST = 3
const RUNS = Number(process.env.RUNS ?? 3)

await onStage('migration', { hypervisors: 3 }, async (t, scene) => {
  const { lab } = scene
  const [h1, h2, h3] = [lab.hypervisor(1), lab.hypervisor(2), lab.hypervisor(3)]
  const cloud = { url: scene.controller.url, project }
  const addressOf = ({ addresses }: Vm) => addresses[0]?.replace(/\/.*/, '') ?? ''

  /** The VM at the place where it will go on: on no bridge yet. */
  async function twinOf({ vm }: Station, hypervisor: Hypervisor, known: readonly Station[]): Promise<Vm> {
    const { vnicId, mac, addresses, name } = vm
    const twin = await lab.startVm({ name: name.endsWith("t") ? name.slice(0, -1) : `${name}t`, hypervisor, vnicId, mac, addresses })
    for (const { vm: other } of known) {
      const neighbour = ['neigh', 'replace', addressOf(other), 'lladdr', other.mac, 'dev', 'eth0', 'nud', 'permanent']
      await lab.exec(twin.name, 'ip', ...neighbour)
    }
    return twin
  }

  /** Pings it until the end is asked for; @returns which were lost between the first and the last that were answered. */
  async function pinging({ vm: from }: Station, { vm: to }: Station) {
    const command = ['ping', '-n', '-i', '0.01', addressOf(to)]
    const { stop } = await lab.background(from.name, ...command)
    return async () => {
      const said = await stop()
      const answered = [...said.matchAll(/icmp_seq=(\d+)/g)].map(([, seq]) => Number(seq))
      const [first = 0, last = 0] = [answered[0], answered.at(-1)]
      const there = new Set(answered)
      const lost = Array.from({ length: last - first + 1 }, (_, n) => first + n).filter((seq) => !there.has(seq))
      return { answered: there.size, lost, twice: said.match(/DUP!/g)?.length ?? 0 }
    }
  }

  /** As a compute service would, while others ping it. */
  async function migrate(station: Station, to: Hypervisor, others: readonly Station[], prepared: boolean) {
    const old = station.vm
    const twin = await twinOf(station, to, others)
    if (prepared) {
      const vnic = await prepareMigration(cloud, station.vnic.id, to.id)
      if (vnic.migration?.status !== 'prepared') throw new Error(`it is not prepared: ${JSON.stringify(vnic)}`)
    }
    const pings = await Promise.all(others.map((other) => pinging(other, station)))
    await sleep(500)
    await addInterface((...argv) => to.run(...argv), twin.interface, station.vnic)
    await scene.boundTo(station.vnic.id, { hypervisor: to.id, interface: twin.interface })
    await scene.vnicIs(station.vnic.id, 'active')
    await sleep(700)
    await lab.removeVm(old)
    await sleep(500)
    const results = await Promise.all(pings.map((end) => end()))
    station.vm = twin
    scene.stations.delete(old.name)
    scene.stations.set(twin.name, station)
    return results
  }

  for (const engine of ['vlan', 'vxlan']) {
    const network = await scene.network(engine)
    const mover = await scene.station({ hypervisor: h1, network })
    const others = [await scene.station({ hypervisor: h1, network }), await scene.station({ hypervisor: h3, network })]
    t.same(await scene.wrongs(), [])
    let at = h1
    for (const prepared of [true, false]) {
      for (let run = 0; run < RUNS; run++) {
        at = at === h1 ? h2 : h1
        const results = await migrate(mover, at, others, prepared)
        const said = results.map(({ lost, answered, twice }) => `${lost.length} (${lost.join(' ')}) of ${answered}, dup ${twice}`)
        t.comment(`${engine} to ${at.id} ${prepared ? 'prepared' : 'unprepared'}: ${said.join('; ')}`)
      }
    }
    t.same(await scene.wrongs(), [])
    for (const station of [mover, ...others]) await scene.remove(station)
  }
})
