/** The frames that VMs send in tests of isolation, and their expected receivers. Both follow from the networks of the VMs. */
import { type Arrival, differences, ping, type Send } from './experiment.ts'
import { type FabricRules, strays } from './fabric.ts'
import {
  arpRequest,
  broadcast,
  type FrameFields,
  frame,
  multicast,
  neighbourDiscovery,
  nobody,
  tagged,
} from './frames.ts'
import type { Lab, Vm } from './lab.ts'

/** The network of a VM; undefined if it must neither send nor receive: it is unplugged, or its port is administratively down. */
export type NetworkOf = (vm: Vm) => string | undefined

/** A further network of a VM, under a tag. */
export interface Further {
  readonly tag: number
  /** The network; undefined if the VM must neither send nor receive under this tag. */
  readonly network: string | undefined
  /** The meaning is that of the functions in `ProbeSettings`, but for this network. */
  readonly floodUnknown?: boolean
  readonly remembers?: boolean
}

export interface ProbeSettings {
  further?(vm: Vm): readonly Further[]
  /** VLAN ids of other networks: a VM that tags its frames with them must not reach these networks. */
  readonly vids?: readonly number[]
  /** Does a VM get frames to addresses that no member of its network has? */
  floodUnknown?(vm: Vm): boolean
  /**
   * Is the network of a VM on a physical network? Physical switches remember the last place of an address for a while, and send
   * frames for a departed VM there.
   */
  remembers?(vm: Vm): boolean
  /** The frames that may be on the cables between hosts. If left out, the cables are not checked. */
  readonly fabric?: FabricRules | null
}

/** A VM in a network. The network is undefined if the VM must neither send nor receive. */
interface Member {
  readonly vm: Vm
  readonly tag: number | null
  readonly network: string | undefined
  readonly floodUnknown: boolean
  readonly remembers: boolean
}

/** Every kind of frame from every VM. Each frame must reach the right members of its network exactly once, or no VM. */
export function frameProbes(vms: readonly Vm[], networkOf: NetworkOf, settings: ProbeSettings = {}): Send[] {
  const { vids = [], floodUnknown = () => false, remembers = () => false, further = () => [] } = settings
  const sends: Send[] = []
  const members = vms.flatMap((vm): Member[] => [
    { vm, tag: null, network: networkOf(vm), floodUnknown: floodUnknown(vm), remembers: remembers(vm) },
    ...further(vm).map((each) => ({ vm, floodUnknown: false, remembers: false, ...each })),
  ])
  for (const { vm, tag, network, remembers } of members) {
    const peers = members.filter((peer) => network !== undefined && peer.network === network && peer.vm !== vm)
    const everybody = peers.map(({ vm }) => vm.name)
    const flooded = peers.filter(({ floodUnknown }) => floodUnknown).map(({ vm }) => vm.name)
    const add = (what: string, to: readonly string[], bytes: (number: number) => Buffer, more: Partial<Send> = {}) => {
      const number = sends.length + 1
      const bare = bytes(number)
      const as = Object.fromEntries(peers.map((peer) => [peer.vm.name, tagged(bare, peer.tag)]))
      const words = tag === null ? what : `${what} under tag ${tag}`
      sends.push({ from: vm.name, what: words, number, bytes: tagged(bare, tag), to, as, tag, ...more })
    }
    const plain = (what: string, to: readonly string[], fields: Partial<FrameFields>, more?: Partial<Send>) =>
      add(what, to, (number) => frame(number, { source: vm.mac, destination: broadcast, ...fields }), more)

    add('broadcast ARP', everybody, (number) => arpRequest(number, vm.mac))
    add('IPv6 neighbour solicitation', everybody, (number) => neighbourDiscovery(number, vm.mac, 135))
    add('IPv6 router advertisement', everybody, (number) => neighbourDiscovery(number, vm.mac, 134))
    plain('multicast', everybody, { destination: multicast })
    plain('unknown unicast', flooded, { destination: nobody })
    for (const mac of new Set(vms.filter((other) => other !== vm).map((other) => other.mac))) {
      const owners = peers.filter((peer) => peer.vm.mac === mac).map(({ vm }) => vm.name)
      if (mac === vm.mac) continue
      const may = owners.length === 0 && remembers ? flooded : []
      const to = owners.length > 0 || may.length > 0 ? owners : flooded
      plain(`unicast to ${mac}`, to, { destination: mac }, { may })
    }
    if (vm.unguarded) continue
    const other = vms.find(({ mac }) => mac !== vm.mac)?.mac ?? nobody
    const bad = (what: string, fields: Partial<FrameFields>) => plain(what, [], fields, { barred: true })
    bad('broadcast forged as another VM', { source: other })
    bad('broadcast from a multicast address', { source: multicast })
    bad('broadcast from the broadcast address', { source: broadcast })
    add('ARP forged as another VM', [], (number) => arpRequest(number, other), { barred: true })
    bad('priority-tagged broadcast', { tags: [{ vid: 0 }] })
    for (const vid of vids) {
      // If the tag belongs to the VM's own trunk, it may reach that network.
      const isItsOwn = members.some((member) => member.vm === vm && member.tag === vid)
      if (tag !== null || !isItsOwn) bad(`broadcast tagged ${vid}`, { tags: [{ vid }] })
      bad(`broadcast tagged 0, ${vid}`, { tags: [{ vid: 0 }, { vid }] })
      bad(`broadcast tagged ${vid}, ${vid} (802.1ad)`, { tags: [{ type: 0x88a8, vid }, { vid }] })
    }
  }
  return sends
}

/** A ping from every VM to every address that is not its own. */
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

/** The result of an experiment. */
export interface Delivery {
  /** A description of each frame that is missing, duplicated, changed or in the wrong place. */
  readonly wrong: readonly string[]
  readonly arrivals: readonly Arrival[]
}

/** Sends frames, and compares the actual receivers with the expected ones. @param fabric the frames that cables may carry */
export async function deliver(lab: Lab, sends: readonly Send[], fabric?: FabricRules | null): Promise<Delivery> {
  const names = lab.vms.map(({ name }) => name)
  const arrivals = await lab.experiment(sends)
  return {
    wrong: [...differences(sends, arrivals, names), ...(fabric ? strays(sends, arrivals, fabric) : [])],
    arrivals,
  }
}

/** Sends pings and frames of every kind between all VMs of a lab. @returns descriptions of the failures */
export async function wrongs(lab: Lab, networkOf: NetworkOf, settings: ProbeSettings = {}): Promise<string[]> {
  await lab.settle()
  const pings = await deliver(lab, pingProbes(lab.vms, networkOf), settings.fabric)
  const frames = await deliver(lab, frameProbes(lab.vms, networkOf, settings), settings.fabric)
  return [...pings.wrong, ...frames.wrong]
}

function peersOf(vms: readonly Vm[], vm: Vm, networkOf: NetworkOf): readonly Vm[] {
  const network = networkOf(vm)
  return network === undefined ? [] : vms.filter((other) => other !== vm && networkOf(other) === network)
}

function ipv4Of(vm: Vm): string[] {
  return vm.addresses.filter((address) => !address.includes(':')).map((address) => address.replace(/\/.*/, ''))
}
