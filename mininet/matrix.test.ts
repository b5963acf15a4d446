/**
 * Random networks of both engines side by side, random placements and moves: the whole matrix of pings, and of frames of
 * every kind, is what the API was told. PLUGBOARD_SEED=<number> repeats a run.
 */
import type { Network } from './api.ts'
import { onStage } from './onstage.ts'
import { Random } from './random.ts'
import type { Scene, Station } from './scene.ts'

const rounds = 3
const changesPerRound = 10
const stations = 20

/** What can happen to a cloud; each is one change, or none where it does not fit. */
type Change = (scene: Scene, station: Station, networks: readonly Network[], random: Random) => Promise<string>

const changes: readonly Change[] = [
  async function move(scene, station, networks, random) {
    if (station.network) await scene.unplug(station)
    const network = random.pick(networks)
    await scene.plug(station, network)
    return `${station.vm.name} moves to ${network.id}`
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
  async function leave(scene, station) {
    await scene.remove(station)
    return `${station.vm.name} leaves`
  },
  async function arrive(scene, _, networks, random) {
    const station = await newStation(scene, networks, random)
    return `${station.vm.name} arrives`
  },
]

/** Now and then with the MAC address of a VM of another network: an address means nothing outside its network. */
async function newStation(scene: Scene, networks: readonly Network[], random: Random): Promise<Station> {
  const network = random.pick(networks)
  const others = [...scene.stations.values()].filter(
    (other) => other.network !== undefined && other.network !== network,
  )
  const twin = others.length > 0 && random.chance(20) ? random.pick(others) : undefined
  const hypervisor = random.pick(scene.lab.hypervisors)
  const free =
    twin !== undefined &&
    ![...scene.stations.values()].some((one) => one !== twin && one.vnic.mac_address === twin.vnic.mac_address)
  return await scene.station({ hypervisor, network, ...(free ? { mac: twin.vnic.mac_address } : {}) })
}

/** Twins may not come into one network: that is a refusal of its own (B14). */
function mayMove(scene: Scene, station: Station): boolean {
  return ![...scene.stations.values()].some(
    (other) => other !== station && other.vnic.mac_address === station.vnic.mac_address,
  )
}

await onStage('what reaches what is what the API was told', { hypervisors: 3 }, async (t, scene) => {
  const random = new Random()
  t.comment(`seed ${random.seed}`)
  const networks: Network[] = []
  for (const engine of ['vlan', 'vxlan', 'vlan', 'vxlan', random.pick(['vlan', 'vxlan'])]) {
    networks.push(await scene.network(engine))
  }
  const vids = networks.flatMap(({ segment }) => segment.vlan_id ?? [])
  while (scene.stations.size < stations) await newStation(scene, networks, random)
  await t.test('as it was made', async (t) => {
    t.same(await scene.wrongs({ vids }), [])
  })

  for (let round = 1; round <= rounds; round++) {
    const story: string[] = []
    for (let count = 0; count < changesPerRound; count++) {
      const movable = [...scene.stations.values()].filter((station) => mayMove(scene, station))
      story.push(await random.pick(changes)(scene, random.pick(movable), networks, random))
    }
    await t.test(`after round ${round} of changes`, async (t) => {
      t.same(await scene.wrongs({ vids }), [], { story })
    })
  }

  await t.test('and when everything was unplugged, nothing', async (t) => {
    for (const station of scene.stations.values()) await scene.unplug(station)
    t.same(await scene.wrongs({ vids }), [])
    for (const host of scene.lab.hypervisors) t.same(await host.rules(), [], `${host.id} has no rule left`)
  })
})
