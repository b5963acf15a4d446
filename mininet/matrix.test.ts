/**
 * Random networks of every engine on the same hypervisors, with random placements and moves. All pings, and frames of every
 * kind, must have exactly the results that follow from the requests to the API. On the cables between hosts, no frame may be on
 * a VLAN or VNI of another network. PLUGBOARD_SEED=<number> repeats a run.
 */
import type { Network } from './api.ts'
import { rawDhcp } from './dhcp-clients.ts'
import { differences, type Send } from './experiment.ts'
import { isRouted, strays } from './fabric.ts'
import { broadcast, frame, nobody, readFrame } from './frames.ts'
import { migrate } from './live-migration.ts'
import { floatingConfig, natWrongs } from './nat-ground.ts'
import { onStage } from './onstage.ts'
import { Random } from './random.ts'
import type { Scene, Station } from './scene.ts'
import { type SubPortWish, setTrunk } from './trunking.ts'

const rounds = 3
const changesPerRound = 10
const stations = 24
const ENGINES = ['vlan', 'vxlan', 'geneve'] as const

/** The possible changes of a cloud. Each call makes one change, or none if it is not possible at the moment. */
type Change = (scene: Scene, station: Station, networks: readonly Network[], random: Random) => Promise<string>

const changes: readonly Change[] = [
  async function move(scene, station, networks, random) {
    if (station.network) await scene.unplug(station)
    const network = random.pick(networks)
    await scene.plug(station, network, { floodUnknown: random.chance(30) })
    return `${station.vm.name} moves to ${network.id}`
  },
  async function goOnElsewhere(scene, station, _, random) {
    if (!station.port) return 'nothing'
    const { name, hypervisor } = station.vm
    const there = random.pick(scene.lab.hypervisors.filter((host) => host !== hypervisor))
    await migrate(scene, station, there)
    return `${name} goes on at ${there.id} as ${station.vm.name}`
  },
  async function trunk(scene, station, networks, random) {
    if (!station.port) return 'nothing'
    return await carrySome(scene, station, networks, random)
  },
  async function unplug(scene, station) {
    await scene.unplug(station)
    return `${station.vm.name} is unplugged`
  },
  async function adminState(scene, station) {
    if (!station.port) return 'nothing'
    await scene.setAdmin(station, !station.up)
    return `the port of ${station.vm.name} is set ${station.up ? 'up' : 'down'}`
  },
  async function limit(scene, station, _, random) {
    if (!station.port) return 'nothing'
    // The limit is far above the traffic of this test, so no frame may be lost.
    const some = () => random.pick([null, 50_000, 100_000])
    const wish = { rate_limit: { ingress_kbps: some(), egress_kbps: some() } }
    await scene.api.must('PATCH', `/v1/projects/${station.vnic.project}/ports/${station.port.id}`, wish)
    return `${station.vm.name} has ${JSON.stringify(wish)}`
  },
  async function lease(scene, _station, _networks, random) {
    const network = await scene.network(random.pick(ENGINES), { ipv4: { prefix: '10.0.0.0/16' } })
    const guest = await scene.station({ hypervisor: random.pick(scene.lab.hypervisors), network, addresses: [] })
    const [lease] = await rawDhcp<unknown[]>(scene.lab, guest.vm.name, 'lease', '1')
    if (lease === null) throw new Error(`${guest.vm.name} gets no lease in a network of ${network.engine}`)
    await scene.remove(guest)
    if (guest.port) await scene.destroyPort(guest.port)
    await scene.api.must('DELETE', `/v1/projects/${guest.vnic.project}/networks/${network.id}`)
    return `${guest.vm.name} comes for a lease`
  },
  async function leave(scene, station) {
    await scene.remove(station)
    return `${station.vm.name} leaves`
  },
  async function arrive(scene, _, networks, random) {
    const station = await newStation(scene, networks, random)
    return `${station.vm.name} arrives`
  },
]

/** Gives the VM's port up to three sub-ports. */
async function carrySome(scene: Scene, station: Station, networks: readonly Network[], random: Random) {
  const others = networks.filter((network) => network !== station.network && !isRouted(network))
  const wishes = new Map<number, SubPortWish>()
  for (const network of new Set(Array.from({ length: random.below(4) }, () => random.pick(others)))) {
    // Some of these tags are also VLANs of the physical network, which must not matter.
    wishes.set(98 + 2 * wishes.size + random.below(2), { network, floodUnknown: random.chance(30) })
  }
  await setTrunk(scene, station, wishes)
  const words = [...wishes].map(([tag, { network }]) => `${network.id} under ${tag}`)
  return `${station.vm.name} has ${words.join(', ') || 'no trunk'}`
}

/** The network of its VNIC's port, and the networks of its sub-ports. */
const networksOf = ({ network, trunk }: Station) => [network, ...[...trunk.values()].map(({ network }) => network)]

/** Sometimes uses the MAC address of a VM in another network: outside of its network, an address has no meaning. */
async function newStation(scene: Scene, networks: readonly Network[], random: Random): Promise<Station> {
  const network = random.pick(networks)
  const others = [...scene.stations.values()].filter(
    (other) => other.network !== undefined && !networksOf(other).includes(network),
  )
  const twin = others.length > 0 && random.chance(20) ? random.pick(others) : undefined
  const hypervisor = random.pick(scene.lab.hypervisors)
  const free =
    twin !== undefined &&
    ![...scene.stations.values()].some((one) => one !== twin && one.vnic.mac_address === twin.vnic.mac_address)
  const station = await scene.station({
    hypervisor,
    network,
    floodUnknown: random.chance(30),
    ...(free ? { mac: twin.vnic.mac_address } : {}),
  })
  if (!free && random.chance(25)) await carrySome(scene, station, networks, random)
  return station
}

/** VMs with equal MAC addresses must not be in one network: the API refuses that (B14). */
function mayMove(scene: Scene, station: Station): boolean {
  return ![...scene.stations.values()].some(
    (other) => other !== station && other.vnic.mac_address === station.vnic.mac_address,
  )
}

/** Frames from a server on the physical network: untagged, with the tag of each network, and with an unused tag. */
async function fromOutside(scene: Scene, networks: readonly Network[]): Promise<string[]> {
  const segments = [[], [4001], ...networks.flatMap(({ segment }) => (segment.vlan_id ? [[segment.vlan_id]] : []))]
  const sends = segments.flatMap(([vid], index) =>
    [broadcast, nobody].map((destination, kind): Send => {
      const bare = vid === undefined ? 'flat' : 'vlan'
      const members = [...scene.stations.values()].filter((station) =>
        [station, ...station.trunk.values()].some(
          ({ network, floodUnknown }) =>
            station.up && network?.engine === bare && network.segment.vlan_id === vid && (floodUnknown || kind === 0),
        ),
      )
      const number = 2 * index + kind + 1
      const source = '02:00:00:00:00:99'
      const bytes = frame(number, { source, destination, tags: vid === undefined ? [] : [{ vid }] })
      const what = `frame ${vid === undefined ? 'without a tag' : `of VLAN ${vid}`} to ${destination}`
      return { from: 'outside-eth1', what, number, bytes, to: members.map(({ vm }) => vm.name) }
    }),
  )
  const arrivals = await scene.lab.experiment(sends)
  const names = scene.lab.vms.map(({ name }) => name)
  const segmentOf = (number: number) => {
    const [vid] = segments[(number - 1) >> 1] ?? []
    return vid === undefined ? 'fabric1 untagged' : `fabric1 vlan ${vid}`
  }
  return [
    // The switch removes the network's tag, so the frame arrives without it.
    ...differences(sends, arrivals, names).filter((line) => !line.startsWith('changed')),
    ...sends.flatMap((send) =>
      strays(
        [send],
        arrivals.filter(({ hex }) => readFrame(hex).number === send.number),
        { segmentsOf: () => [segmentOf(send.number)] },
      ),
    ),
  ]
}

const config = floatingConfig('vlan: 50')

await onStage('what reaches what is what the API was told', { hypervisors: 3, config }, async (t, scene) => {
  const random = new Random()
  t.comment(`seed ${random.seed}`)
  const networks: Network[] = []
  for (const engine of ['flat', ...ENGINES, random.pick(ENGINES), random.pick(ENGINES)]) {
    networks.push(await scene.network(engine))
  }
  for (const address_prefix of ['203.0.113.64/26', '203.0.113.128/26'])
    networks.push(await scene.network('nat-ipv4', { address_prefix }))
  const vids = networks.flatMap(({ segment }) => segment.vlan_id ?? [])
  while (scene.stations.size < stations) await newStation(scene, networks, random)
  await t.test('before any change', async (t) => {
    t.same(await scene.wrongs({ vids }), [])
    t.same(await fromOutside(scene, networks), [], 'frames from the physical network')
    t.same(await natWrongs(scene), [], 'floating addresses')
  })

  for (let round = 1; round <= rounds; round++) {
    const story: string[] = []
    for (let count = 0; count < changesPerRound; count++) {
      const movable = [...scene.stations.values()].filter((station) => mayMove(scene, station))
      story.push(await random.pick(changes)(scene, random.pick(movable), networks, random))
    }
    await t.test(`after round ${round} of changes`, async (t) => {
      t.same(await scene.wrongs({ vids }), [], { story })
      t.same(await fromOutside(scene, networks), [], { story })
      t.same(await natWrongs(scene), [], { story })
    })
  }

  await t.test('when every VNIC is unplugged, nothing passes and no rule is left', async (t) => {
    for (const station of scene.stations.values()) await scene.unplug(station)
    t.same(await scene.wrongs({ vids }), [])
    for (const host of scene.lab.hypervisors) t.same(await host.rules(), [], `${host.id} has no rule left`)
  })
})
