/** Checks what every engine must do, on real Open vSwitch. */
import { existsSync } from 'node:fs'
import { loadEngines } from '../../src/loaded-engines.ts'
import { whyNoLab } from '../lab.ts'
import { until } from '../until.ts'
import { absolute, type EngineUnderTest } from './description.ts'
import { laws } from './laws.ts'
import { SETTINGS } from './settings.ts'
import { type Domain, Stage, type Station } from './stage.ts'
import { setSubPortUp, setTrunk, trunkActive } from './trunk.ts'

/** Runs one check under its name, like `t.test` of tap and of node:test. It may reject, or report the failure itself. */
export type Step = (name: string, run: () => Promise<void>) => Promise<unknown>

/** Why the conformance checks cannot run here, as a reason to skip a test; undefined: they can. The laws run everywhere. */
export function whyNotHere(): string | undefined {
  const missing = PROGRAMS.filter((file) => !existsSync(file))
  return whyNoLab() ?? (missing.length > 0 ? `needs ${missing.join(', ')}: ${PACKAGES}` : undefined)
}

/** The files that the lab runs or reads, with their paths on Debian and Ubuntu. */
const PROGRAMS = [
  '/usr/bin/python3',
  '/usr/bin/mnexec',
  '/usr/share/openvswitch/vswitch.ovsschema',
  '/usr/sbin/ovs-vswitchd',
]
const PACKAGES = "install Debian's packages openvswitch-switch and mininet"

/**
 * Runs all checks for an engine, or for several engines in one lab.
 * @param step runs a check; by default all checks run, and an error at the end lists the failures
 * @throws Error if the kit cannot run here, or if a check failed and `step` did not handle it
 */
export async function conformance(tests: EngineUnderTest | readonly EngineUnderTest[], step?: Step): Promise<void> {
  const why = whyNotHere()
  if (why) throw new Error(`the engine kit cannot run: it ${why}`)
  const all = 'engine' in tests ? [tests] : tests
  const failed: string[] = []
  const perform: Step =
    step ?? ((name, run) => run().catch((error: unknown) => failed.push(`${name}: ${wordsOf(error)}`)))
  const stage = await Stage.set(all)
  try {
    for (const test of all) await checks(stage, test, perform)
    await perform('cleanup: no switch has any rules or meters left', async () => {
      await stage.strikeNeighbours()
      none((await stage.rules()).flat())
    })
    if (failed.length > 0)
      throw new Error(`${failed.join('\n')}\nThe controller said last:\n${await stage.lastLines()}`)
  } finally {
    await stage.close()
  }
}

/** A rate limit far above the traffic of the checks. */
const LIMIT = { ingress_kbps: 100_000, egress_kbps: 100_000 }

async function checks(stage: Stage, test: EngineUnderTest, perform: Step): Promise<void> {
  const [engine] = await loadEngines([absolute(test.engine)], SETTINGS)
  if (!engine) throw new Error(`there is no engine ${JSON.stringify(test.engine)}`)
  const { alias } = engine
  const check = (name: string, run: () => Promise<void>) => perform(`${alias}: ${name}`, run)
  const before = await stage.rules()
  const domains: Domain[] = []
  const stations: Station[] = []

  await check('the laws', () => laws(test))
  await check('plug: each VM reaches its own network or line, and no VM of another one', async () => {
    const [one, other] = stage.lab.hypervisors
    if (!one || !other) throw new Error('the lab has two hypervisors')
    for (const n of [0, 1]) domains.push(await stage.make(alias, test, n))
    const [first, second] = domains
    if (!first || !second) return
    stations.push(await stage.enter(test, first, one, 0), await stage.enter(test, second, one, 0))
    stations.push(await stage.enter(test, first, other, 1), await stage.enter(test, second, other, 1))
    // A line has only two ends. A network may have several members on a hypervisor.
    if (first.network) stations.push(await stage.enter(test, first, one, 2))
    none(await stage.wrongs())
  })
  const [mover, partner] = stations
  const [first, second] = domains
  if (!mover || !partner || !first || !second) return

  await check('a repeated plug sends nothing to the switches', async () => {
    const since = await Promise.all(stage.lab.hypervisors.map((host) => host.watchChanges()))
    await stage.replug(mover, mover.attachment?.port ?? '')
    for (const changes of since) none(await changes())
  })
  await check('unplug: the VM neither sends nor receives, and its rules are removed', async () => {
    await stage.unplug(mover)
    none((await flowsOf(stage, mover)).map(({ flow }) => flow))
    none(await stage.wrongs())
  })
  await check('replug: two VMs exchange their networks or lines', async () => {
    await stage.unplug(partner)
    await stage.plug(mover, second)
    await stage.plug(partner, first)
    none(await stage.wrongs())
  })
  // The ends of a line cannot move.
  if (first.network) {
    await check('migration: a VM moves to the other hypervisor, and back', async () => {
      const from = mover.vm.hypervisor
      const other = stage.lab.hypervisors.find((host) => host !== from)
      for (const there of [other, from]) {
        if (there) await stage.migrate(mover, there)
        none(await stage.wrongs())
      }
    })
  }
  await check('admin state: with its port down, the VM neither sends nor receives', async () => {
    await stage.setAdmin(mover, false)
    none(await stage.wrongs())
    await stage.setAdmin(mover, true)
    await stage.active(mover)
  })
  await check('rate limit: two rules use meters, which are removed together with the limit', async () => {
    const rules = await stage.rules()
    const metered = async () => (await flowsOf(stage, mover)).filter(({ flow }) => flow.includes('meter:')).length
    const others = await metered()
    await stage.limit(mover, LIMIT)
    const more = (await metered()) - others
    if (more !== 2) throw new Error(`${more} more rules of the port have a meter: there must be 2`)
    none(await stage.wrongs())
    await stage.limit(mover, null)
    alike(rules, await stage.rules())
    // The limit stays, so that the following checks run with meters.
    await stage.limit(mover, LIMIT)
    await stage.active(mover)
  })
  // Only Ethernet devices have VLAN tags.
  if (!test.vnic) {
    await check('trunk: a VM of another network has two networks or lines of the engine, under tags', async () => {
      // A VM can have only one sub-port whose addresses are translated.
      const both = first.reached ? [first] : [first, second]
      // The end of a line is for one VNIC.
      const others = first.network ? [] : [mover, partner]
      for (const station of others) {
        await stage.limit(station, null)
        await stage.unplug(station)
      }
      const trunked = await stage.enter({ engine: alias }, stage.homeFor(alias), mover.vm.hypervisor, 3)
      const rules = await stage.rules()
      await setTrunk(stage, trunked, both)
      none(await stage.wrongs())
      const [sub] = trunked.trunk.values()
      for (const up of [false, true]) {
        if (sub) await setSubPortUp(stage, sub, up)
        await trunkActive(stage, trunked)
        none(await stage.wrongs())
      }
      await stage.setAdmin(trunked, false)
      none(await stage.wrongs())
      await stage.setAdmin(trunked, true)
      await trunkActive(stage, trunked)
      none(await stage.wrongs())
      await setTrunk(stage, trunked, [])
      alike(rules, await stage.rules())
      if (others.length > 0) await stage.leave(trunked)
      for (const station of others) await stage.plug(station, station === mover ? second : first)
      // The trunk stays, so that the following checks run with it.
      if (first.network) await setTrunk(stage, trunked, both.toReversed())
      else await stage.limit(mover, LIMIT)
      none(await stage.wrongs())
    })
  }
  if (first.network && !test.vnic) {
    await check('trunk: a VM with a trunk moves to the other hypervisor with all its networks', async () => {
      const [trunked] = stage.stations.filter(({ trunk }) => trunk.size > 0)
      const other = stage.lab.hypervisors.find((host) => host !== trunked?.vm.hypervisor)
      if (trunked && other) await stage.migrate(trunked, other)
      none(await stage.wrongs())
    })
  }
  await check('the controller is killed and started again: no rule changes, and all VMs are reached', async () => {
    const rules = await stage.rules()
    // Announcements of a moved VM that are still due end with the controller.
    await stage.lab.controller.stop('SIGKILL')
    const since = await Promise.all(stage.lab.hypervisors.map((host) => host.watchChanges()))
    await stage.lab.controller.start()
    await stage.connected()
    for (const station of stage.stations) await stage.active(station)
    for (const changes of since) none(await changes())
    alike(rules, await stage.rules())
    none(await stage.wrongs())
  })
  await check('Open vSwitch is killed and started again: the rules are restored', async () => {
    const rules = await stage.rules()
    const [host] = stage.lab.hypervisors
    await host?.kill('ovs-vswitchd')
    await host?.start('ovs-vswitchd')
    await until('the rules to be back', async () => JSON.stringify(await stage.rules()) === JSON.stringify(rules))
    await stage.lab.warmUnderlay()
    none(await stage.wrongs())
  })
  await check('cleanup: the rules are the same as before the checks', async () => {
    await stage.strike(domains)
    alike(before, await stage.rules())
  })
}

async function flowsOf(stage: Stage, { vnic, vm }: Station): Promise<ReadonlyArray<{ readonly flow: string }>> {
  const path = `/v1/hypervisors/${vm.hypervisor.id}/flows?vnic_id=${vnic.id}`
  return (await stage.api.must<{ flows: Array<{ flow: string }> }>('GET', path)).flows
}

function none(wrong: readonly string[]): void {
  if (wrong.length > 0) throw new Error(`${wrong.length} failures:\n  ${wrong.slice(0, 20).join('\n  ')}`)
}

function alike(before: ReadonlyArray<readonly string[]>, after: ReadonlyArray<readonly string[]>): void {
  none(before.flatMap((rules, n) => rules.filter((rule) => !after[n]?.includes(rule)).map((rule) => `gone: ${rule}`)))
  none(after.flatMap((rules, n) => rules.filter((rule) => !before[n]?.includes(rule)).map((rule) => `new: ${rule}`)))
}

const wordsOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))
