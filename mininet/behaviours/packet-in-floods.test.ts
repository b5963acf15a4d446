/**
 * The switch limits the packets of each VNIC to the controller. So a guest that floods the controller does not keep it from
 * answering others. One guest sends 10,000 DISCOVERs per second. Meanwhile a guest on the same hypervisor and one on another
 * hypervisor get their leases.
 */
import { DhcpClients } from '../dhcp-clients.ts'
import { onStage } from '../onstage.ts'

const [RATE, SECONDS, LEASES] = [10_000, 8, 20]
const MAX_LEASE_MS = 100

await onStage('a guest that floods the controller', { hypervisors: 2 }, async (t, scene) => {
  const { lab } = scene
  const [h1, h2] = [lab.hypervisor(1), lab.hypervisor(2)]
  const clients = await DhcpClients.in(lab)
  t.teardown(() => clients.close())
  const network = await scene.network('vxlan', { ipv4: { prefix: '10.9.0.0/24', gateway_ip: '10.9.0.1' } })
  const guest = (hypervisor: typeof h1) => scene.station({ hypervisor, network, addresses: [] })
  const [loud, near, far] = [await guest(h1), await guest(h1), await guest(h2)]

  const asked = async (): Promise<number> => {
    const metrics = await (await fetch(`${scene.controller.url}/metrics`)).text()
    return [...metrics.matchAll(/^plugboard_questions_total\{.*\} (\d+)$/gm)].reduce((sum, [, n]) => sum + Number(n), 0)
  }
  const before = await asked()
  const flood = clients.raw<number>(loud.vm.name, 'flood', String(RATE), String(SECONDS))
  const taken = await Promise.all(
    [near, far].map(({ vm }) => clients.raw<Array<number | null>>(vm.name, 'lease', String(LEASES))),
  )
  const sent = await flood
  t.ok(sent > (RATE * SECONDS) / 2, `${sent} DISCOVERs were sent`)
  for (const [index, times] of taken.entries()) {
    const where = ['on the same hypervisor', 'on another one'][index]
    t.notOk(times.includes(null), `every lease came ${where}: ${times}`)
    const sorted = times.map((time) => time ?? Number.POSITIVE_INFINITY).sort((a, b) => a - b)
    const [median = Number.NaN, worst = Number.NaN] = [sorted[Math.floor(LEASES / 2)], sorted.at(-1)]
    t.comment(`leases ${where}: median ${median.toFixed(1)} ms, longest ${worst.toFixed(1)} ms`)
    t.ok(median < MAX_LEASE_MS, `a lease takes less than ${MAX_LEASE_MS} ms`)
  }
  const heard = (await asked()) - before
  t.comment(`${heard} of ${sent} frames came to the controller`)
  t.ok(heard < sent / 50, 'the switch dropped the rest')
  t.match(await clients.udhcpc(near.vm.name), { told: { ip: near.port?.ip_addresses?.[0] } })
  // The flooding guest gets answers again as soon as it stops.
  t.match(await clients.udhcpc(loud.vm.name), { told: { ip: loud.port?.ip_addresses?.[0] } })
})
