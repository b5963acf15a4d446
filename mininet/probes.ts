/** What every VM sends in a test of isolation, and who must get it: all follows from which network each VM is in. */
import { differences, ping, type Send } from './experiment.ts'
import { arpRequest, broadcast, type FrameFields, frame, multicast, neighbourDiscovery, nobody } from './frames.ts'
import type { Lab, Vm } from './lab.ts'

/** The network of a VM, or undefined if it must neither send nor receive: unplugged, or its port administratively down. */
export type NetworkOf = (vm: Vm) => string | undefined

/** A VLAN id that a VM would have to tag with to reach another network; undefined where there is none to try. */
export interface ProbeSettings {
  readonly vids?: readonly number[]
}

/** Every kind of frame from every VM, each to be delivered exactly once to each member of its network or to nobody. */
export function frameProbes(vms: readonly Vm[], networkOf: NetworkOf, { vids = [] }: ProbeSettings = {}): Send[] {
  const sends: Send[] = []
  for (const vm of vms) {
    const peers = peersOf(vms, vm, networkOf)
    const everybody = peers.map(({ name }) => name)
    const add = (what: string, to: readonly string[], bytes: (number: number) => Buffer) => {
      const number = sends.length + 1
      sends.push({ from: vm.name, what, number, bytes: bytes(number), to })
    }
    const plain = (what: string, to: readonly string[], fields: Partial<FrameFields>) =>
      add(what, to, (number) => frame(number, { source: vm.mac, destination: broadcast, ...fields }))

    add('broadcast ARP', everybody, (number) => arpRequest(number, vm.mac))
    add('IPv6 neighbour solicitation', everybody, (number) => neighbourDiscovery(number, vm.mac, 135))
    add('IPv6 router advertisement', everybody, (number) => neighbourDiscovery(number, vm.mac, 134))
    plain('multicast', everybody, { destination: multicast })
    plain('unknown unicast', [], { destination: nobody })
    for (const mac of new Set(vms.filter((other) => other !== vm).map((other) => other.mac))) {
      const owners = peers.filter((peer) => peer.mac === mac).map(({ name }) => name)
      if (mac !== vm.mac) plain(`unicast to ${mac}`, owners, { destination: mac })
    }
    const other = vms.find(({ mac }) => mac !== vm.mac)?.mac ?? nobody
    plain('broadcast forged as another VM', [], { source: other })
    plain('broadcast from a multicast address', [], { source: multicast })
    plain('broadcast from the broadcast address', [], { source: broadcast })
    add('ARP forged as another VM', [], (number) => arpRequest(number, other))
    plain('priority-tagged broadcast', [], { tags: [{ vid: 0 }] })
    for (const vid of vids) {
      plain(`broadcast tagged ${vid}`, [], { tags: [{ vid }] })
      plain(`broadcast tagged 0, ${vid}`, [], { tags: [{ vid: 0 }, { vid }] })
      plain(`broadcast tagged ${vid}, ${vid} (802.1ad)`, [], { tags: [{ type: 0x88a8, vid }, { vid }] })
    }
  }
  return sends
}

/** A ping of every address by every VM that does not have it itself. */
export function pingProbes(vms: readonly Vm[], networkOf: NetworkOf): Send[] {
  const addresses = new Set(vms.flatMap(ipv4Of))
  return vms
    .flatMap((vm) => {
      const peers = peersOf(vms, vm, networkOf)
      return [...addresses]
        .filter((address) => !ipv4Of(vm).includes(address))
        .map((address) => ({
          vm,
          address,
          to: peers.filter((peer) => ipv4Of(peer).includes(address)).map(({ name }) => name),
        }))
    })
    .map(({ vm, address, to }, index) => ping(index + 1, vm.name, address, to))
}

/** All that is wrong between the VMs of a lab, pings and frames of every kind; nothing is an empty list. */
export async function wrongs(lab: Lab, networkOf: NetworkOf, settings: ProbeSettings = {}): Promise<string[]> {
  const names = lab.vms.map(({ name }) => name)
  await lab.settle()
  const pings = pingProbes(lab.vms, networkOf)
  const frames = frameProbes(lab.vms, networkOf, settings)
  return [
    ...differences(pings, await lab.experiment(pings), names),
    ...differences(frames, await lab.experiment(frames), names),
  ]
}

function peersOf(vms: readonly Vm[], vm: Vm, networkOf: NetworkOf): readonly Vm[] {
  const network = networkOf(vm)
  return network === undefined ? [] : vms.filter((other) => other !== vm && networkOf(other) === network)
}

function ipv4Of(vm: Vm): string[] {
  return vm.addresses.filter((address) => !address.includes(':')).map((address) => address.replace(/\/.*/, ''))
}
