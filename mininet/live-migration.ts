/** Live migration of a VM: prepares the target, makes the new interface, starts the VM there, and removes the old interface. */
import { project } from './cloud-state.ts'
import { addInterface, prepareMigration } from './compute.ts'
import { broadcast, frame } from './frames.ts'
import type { Hypervisor } from './hypervisor.ts'
import type { Lab, Vm } from './lab.ts'
import type { Scene, Station } from './scene.ts'
import { until } from './until.ts'

/** RARP (RFC 903). */
export const RARP = 0x8035

let moves = 0

/** Migrates a VM. Returns when the VNIC is active at the target. The VM has a new name after that. */
export async function migrate(scene: Scene, station: Station, hypervisor: Hypervisor): Promise<void> {
  const { lab, stations, controller } = scene
  const { vm: old, vnic } = station
  const prepared = await prepareMigration({ url: controller.url, project }, vnic.id, hypervisor.id)
  if (prepared.migration?.status !== 'prepared') {
    throw new Error(`${old.name} is not prepared on ${hypervisor.id}: ${JSON.stringify(prepared)}`)
  }
  const vm = await silentVm(lab, { ...old, name: `${old.name.replace(/-m\d+$/, '')}-m${++moves}`, hypervisor })
  await addInterface((...argv) => hypervisor.run(...argv), vm.interface, vnic)
  await scene.waitsAt(vnic.id, { hypervisor: hypervisor.id, interface: vm.interface })
  // As QEMU does, it says so several times: the interface may not forward frames yet.
  await until(`${vm.name} to go on at ${hypervisor.id}`, async () => {
    await goOn(lab, vm)
    const { binding } = await scene.show(vnic.id)
    return binding?.hypervisor === hypervisor.id && binding.interface === vm.interface
  })
  await scene.vnicIs(vnic.id, 'active')
  await lab.removeVm(old)
  stations.delete(old.name)
  stations.set(vm.name, Object.assign(station, { vm }))
}

/** A VM that does not run yet: it sends nothing by itself, since without IPv6 its kernel has nothing to say. */
async function silentVm(lab: Lab, { name, hypervisor, vnicId, mac, addresses }: Vm): Promise<Vm> {
  const vm = await lab.startVm({ name, hypervisor, vnicId, mac, addresses })
  await lab.exec(name, 'sysctl', '-q', '-w', 'net.ipv6.conf.eth0.disable_ipv6=1')
  return vm
}

/** A VM goes on at the target of its migration: QEMU sends RARP for it there. */
export async function goOn(lab: Lab, { name, mac }: Vm): Promise<void> {
  const address = Buffer.from(mac.replaceAll(':', ''), 'hex')
  const head = Buffer.from('0001080006040003', 'hex')
  const payload = Buffer.concat([head, address, Buffer.alloc(4), address, Buffer.alloc(4)])
  const bytes = frame(0, { source: mac, destination: broadcast, etherType: RARP, payload })
  await lab.experiment([{ from: name, what: 'RARP', number: 0, bytes, to: [] }], { quiet: 0 })
}

let twins = 0

/**
 * The VM at the place where it will go on. Its twin has its MAC address, its IP addresses and what it knows of its neighbours, as
 * a VM whose memory was moved. Its interface is on no bridge yet.
 */
export async function twinOf(lab: Lab, { vm }: Station, at: Hypervisor, others: readonly Station[]): Promise<Vm> {
  const twin = await silentVm(lab, { ...vm, name: `twin${++twins}`, hypervisor: at })
  for (const { vm: other } of others) {
    const neighbour = ['neigh', 'replace', addressOf(other), 'lladdr', other.mac, 'dev', 'eth0', 'nud', 'permanent']
    await lab.exec(twin.name, 'ip', ...neighbour)
  }
  return twin
}

/** The VM at the old place goes, and the twin is the VM from now on. */
export async function settle({ lab, stations }: Scene, station: Station, twin: Vm): Promise<void> {
  await lab.removeVm(station.vm)
  stations.delete(station.vm.name)
  station.vm = twin
  stations.set(twin.name, station)
}

/** Pings every 10 ms until it is stopped. What is lost counts between the first and the last that was answered. */
export async function pinging(lab: Lab, from: Vm, to: Vm) {
  const ping = await lab.background(from.name, 'ping', '-n', '-i', '0.01', addressOf(to))
  const numbers = (said: string) => [...said.matchAll(/icmp_seq=(\d+)/g)].map(([, seq]) => Number(seq))
  return {
    /** Returns when so many more were answered. */
    more: async (count: number) => {
      const before = numbers(await ping.printed()).length
      const isEnough = async () => numbers(await ping.printed()).length >= before + count
      await until(`${count} pings of ${to.name} by ${from.name} to be answered`, isEnough)
    },
    stop: async () => {
      const answered = numbers(await ping.stop())
      const sent = (answered.at(-1) ?? 0) - (answered[0] ?? 0) + 1
      return { answered: answered.length, lost: sent - new Set(answered).size }
    },
  }
}

const addressOf = ({ addresses }: Vm): string => addresses[0]?.replace(/\/.*/, '') ?? ''
