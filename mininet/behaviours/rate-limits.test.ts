/**
 * Quality of service: iperf3 measures that a VM sends and receives at the rate of its port, and nothing is left of a removed
 * limit.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { broadcast, frame } from '../frames.ts'
import type { Vm } from '../lab.ts'
import { onStage } from '../onstage.ts'
import type { Station } from '../scene.ts'
import { until } from '../until.ts'

/** The duration of each measurement. It is long enough that the burst at the start adds little. */
const MEASURE_S = 10
const MBIT = 1_000_000

/** The code blocks of the page that explains rate limits, in order. */
const example = [
  ...readFileSync(join(import.meta.dirname, '../../docs/quality-of-service.md'), 'utf8').matchAll(
    /^```(?:json|text)\n([\s\S]*?)^```$/gm,
  ),
].map(([, text = '']) => text.trim())

/** The result of iperf3 for a test with one stream. */
interface Report {
  readonly error?: string
  readonly end: { readonly sum?: Sum; readonly sum_received?: Sum }
}
interface Sum {
  readonly bits_per_second: number
  readonly lost_percent?: number
}

await onStage('rate limits', { hypervisors: 2 }, async (t, scene) => {
  const { lab, api } = scene
  const h1 = lab.hypervisor(1)
  const network = await scene.network('vlan')
  const vm = await scene.station({ hypervisor: h1, network, addresses: ['10.9.0.1/16'] })
  const peer = await scene.station({ hypervisor: h1, network, addresses: ['10.9.0.2/16'] })
  const portPath = (station: Station) => `/v1/projects/${station.vnic.project}/ports/${station.port?.id}`
  const limit = (station: Station, wish: object | null) =>
    api.must<{ rate_limit: unknown }>('PATCH', portPath(station), { rate_limit: wish })
  /** Does a line show a rule or meter of a rate limit? Other meters limit packets to the controller. */
  const isOfLimit = (line: string) => / kbps |actions=(?!.*CONTROLLER).*meter:/.test(line)
  const isClean = async () => !(await h1.rules()).some(isOfLimit)
  const meters = async (host = h1) => (await host.meters()).filter(isOfLimit)

  // The server ends with the lab.
  await lab.background(peer.vm.name, 'iperf3', '-s')
  /** The received payload in bits per second, of a stream to the peer or from it. */
  const measure = async (protocol: 'UDP' | 'TCP', direction: 'ingress' | 'egress', rate: number): Promise<number> => {
    const client = ['iperf3', '-c', '10.9.0.2', '-J', '-t', String(MEASURE_S)]
    if (direction === 'ingress') client.push('-R')
    // Sends 1.5 times the limit, in the largest frames.
    if (protocol === 'UDP') client.push('-u', '-b', String(rate * 1.5), '-l', '1472')
    const { sum, sum_received: received } = await until('iperf3 to have measured', async () => {
      const { stdout } = await lab.exec(vm.vm.name, ...client)
      const { error, end } = JSON.parse(stdout) as Report
      // The server begins to listen a moment after its start.
      if (error && !error.includes('Connection refused')) throw new Error(`iperf3: ${error}`)
      return error === undefined && end
    })
    if (protocol === 'TCP') return received?.bits_per_second ?? 0
    return (sum?.bits_per_second ?? 0) * (1 - (sum?.lost_percent ?? 0) / 100)
  }

  await t.test('the example of docs/quality-of-service.md', async (t) => {
    const [wish = '', shown = '', lines = ''] = example
    const answer = await api.must<{ rate_limit: unknown }>('PATCH', portPath(vm), JSON.parse(wish))
    t.same({ rate_limit: answer.rate_limit }, JSON.parse(shown))
    const told = await api.must<{ flows: Array<{ flow: string }>; meters: string[]; actual_meters: string[] }>(
      'GET',
      `/v1/hypervisors/${h1.id}/flows?vnic_id=${vm.vnic.id}&actual=true`,
    )
    const found = [...told.flows.map(({ flow }) => flow), ...told.meters].filter(isOfLimit)
    t.same(told.meters, await meters())
    t.same(told.actual_meters, told.meters)
    // The numbers of meters, ports and keys differ from those of the page.
    const bare = (line: string) => line.replaceAll(/0x[0-9a-f]+|\b(in_port=|output:|meter[:=])\d+/g, '$1N')
    t.same(found.map(bare).sort(), lines.split('\n').map(bare).sort())
    await limit(vm, null)
    t.ok(await isClean(), 'no meter is left')
  })

  // A busy machine must be able to forward what is sent, or the test would measure the machine.
  for (const mbit of [2, 10]) {
    const rate = mbit * MBIT
    await limit(vm, { ingress_kbps: rate / 1000, egress_kbps: rate / 1000 })
    for (const direction of ['ingress', 'egress'] as const) {
      await t.test(`${mbit} Mbit/s, ${direction}`, async (t) => {
        const udp = (await measure('UDP', direction, rate)) / rate
        t.ok(udp >= 0.9 && udp <= 1.1, `UDP has ${(udp * 100).toFixed(1)} % of it`)
        const tcp = (await measure('TCP', direction, rate)) / rate
        t.ok(tcp >= 0.7 && tcp <= 1.1, `TCP has ${(tcp * 100).toFixed(1)} % of it`)
      })
    }
  }

  await t.test('a limit of one direction leaves the other alone', async (t) => {
    await limit(vm, { egress_kbps: 10_000 })
    t.equal((await meters()).length, 1)
    const ingress = await measure('UDP', 'ingress', 20 * MBIT)
    t.ok(ingress > 15 * MBIT, `${(ingress / MBIT).toFixed(1)} Mbit/s were received`)
    await limit(vm, null)
  })

  await t.test('a member that exceeds its limit does not keep others from their copies of a flood', async (t) => {
    const slow = await scene.station({ hypervisor: h1, network })
    const last = await scene.station({ hypervisor: h1, network })
    await limit(slow, { ingress_kbps: 1, burst_kbit: 16 })
    const payload = Buffer.alloc(1_000)
    const sends = Array.from({ length: 50 }, (_, index) => ({
      from: peer.vm.name,
      what: 'broadcast',
      number: index + 1,
      bytes: frame(index + 1, { source: peer.vm.mac, destination: broadcast, payload }),
      to: [],
    }))
    const arrivals = await lab.experiment(sends)
    const copies = ({ name }: Vm) => arrivals.filter(({ tap, direction }) => tap === name && direction === 'in').length
    t.equal(copies(vm.vm), sends.length, 'one before it in the flood')
    t.equal(copies(last.vm), sends.length, 'one after it')
    t.ok(copies(slow.vm) < 10, `itself has ${copies(slow.vm)}`)
    await scene.remove(slow)
    await scene.remove(last)
    await until('its meter to be gone', isClean)
  })

  await t.test('meters that somebody deleted, or that a crash lost, are restored', async (t) => {
    await limit(vm, { ingress_kbps: 5_000, egress_kbps: 5_000, burst_kbit: 500 })
    const rules = await h1.rules()
    t.equal((await meters()).length, 2)
    const isBack = async () => JSON.stringify(await h1.rules()) === JSON.stringify(rules)
    await h1.ofctl('del-meters', 'br-int')
    await until('the meters and the rules that went with them to be back', isBack)
    await h1.kill('ovs-vswitchd')
    await h1.start('ovs-vswitchd')
    await until('the meters to be back after a crash', isBack)

    await h1.ofctl('add-meter', 'br-int', 'meter=200000,kbps,band=type=drop,rate=7')
    await h1.ofctl('add-flow', 'br-int', 'table=200,actions=meter:200000,normal')
    await h1.ofctl('del-meter', 'br-int', `meter=${/meter=(\d+)/.exec((await meters())[0] ?? '')?.[1]}`)
    await until('the meter to be back', async () => (await meters()).length === 3)
    t.ok(
      (await h1.rules()).some((line) => line.includes('table=200')),
      'a foreign meter stays',
    )
    await h1.ofctl('del-meter', 'br-int', 'meter=200000')
    await until('all to be as it was', isBack)
  })

  await t.test('meters follow their VNIC to another hypervisor, and are removed when it is unplugged', async (t) => {
    await scene.move(vm, lab.hypervisor(2))
    await until('the meters to be gone here', isClean)
    t.equal((await meters(lab.hypervisor(2))).length, 2, 'and there')
    await scene.unplug(vm)
    t.same(await lab.hypervisor(2).meters(), [])
    t.same(await lab.hypervisor(2).rules(), [])
  })
})
