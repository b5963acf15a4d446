/** A real controller process, and hosts that join and then send more than any host has. */
import { randomUUID } from 'node:crypto'
import t from 'tap'
import { send } from '../support/program.ts'
import { until } from '../support/switches.ts'
import { LyingHost, rows } from './lying-host.ts'
import { growthOf, room, running } from './running.ts'

t.test('B108: a host that sends rows without end is closed, and its hypervisor says why', async (t) => {
  const { plugboard, url, ovsdb } = await running(t)
  const host = new LyingHost(t, ovsdb)
  const view = async () => (await (await fetch(`${url}/v1/hypervisors/liar`)).json()) as Record<string, unknown>
  await until(async () => (await view()).ovsdb_connected === true)
  const growsLess = growthOf(t, plugboard)
  const insert = { name: 'x'.repeat(10_000) }
  while (!host.socket.destroyed) await host.update({ Interface: rows(1_000, { insert }) })
  await until(async () => (await view()).ovsdb_connected === false)
  t.match((await view()).last_error, /the rows take more than \d+ bytes/)
  growsLess(600)
})

t.test('B108: a host whose first rows are too many does not join, and the API answers meanwhile', async (t) => {
  const { plugboard, url, ovsdb } = await running(t)
  const growsLess = growthOf(t, plugboard)
  const host = new LyingHost(t, ovsdb, { snapshot: () => ({ Interface: rows(400_000, { initial: {} }) }) })
  await host.closed
  t.equal((await fetch(`${url}/healthz`)).status, 200)
  t.equal((await fetch(`${url}/v1/hypervisors/liar`)).status, 404)
  await plugboard.says('cannot read the OVSDB of a host')
  growsLess(600)
})

t.test('B103: hosts whose first rows never end hold a bounded memory', async (t) => {
  const { plugboard, url, ovsdb } = await running(t)
  const growsLess = growthOf(t, plugboard)
  const piece = 'x'.repeat(1_000_000)
  /** Sends 28 MB of the 32 MiB that a message may have, and never its end. */
  const fill = async ({ socket }: LyingHost) => {
    socket.write('{"id":null,"method":"update3","params":[')
    for (let n = 0; n < 28; n += 1) {
      if (!socket.write(`"${piece}",`)) await room(socket)
    }
  }
  const filled: Promise<void>[] = []
  const instead = (host: LyingHost) => void filled.push(fill(host))
  const hosts = Array.from({ length: 10 }, (_, n) => new LyingHost(t, ovsdb, { systemId: `liar-${n}`, instead }))
  await until(() => filled.length === hosts.length)
  await Promise.all(filled)
  await until(() => hosts.filter(({ isClosed }) => isClosed).length >= 6)
  t.equal((await fetch(`${url}/healthz`)).status, 200)
  t.comment(`${hosts.filter(({ isClosed }) => isClosed).length} closed`)
  growsLess(400)
})

interface View {
  readonly ovsdb_connected: boolean
  readonly last_error: string | null
  readonly hostname: string
  readonly encap_ip: string | null
  readonly conditions: ReadonlyArray<{ readonly code: string; readonly message: string }>
}

const viewOf = async (url: string, id: string): Promise<View> =>
  (await send<View>(`${url}/v1/hypervisors/${id}`, 'GET')).body

/** The bridge with an interface of each of these VNICs. */
function claiming(vnics: readonly string[], kind: 'initial' | 'insert' = 'initial') {
  const ids = vnics.map((vnic, n) => ({ vnic, name: `tap${n}`, port: randomUUID(), interface: randomUUID(), n }))
  const one = (row: object) => ({ [kind]: row })
  return {
    Bridge: { [randomUUID()]: one({ name: 'br-int', ports: ['set', ids.map(({ port }) => ['uuid', port])] }) },
    Port: Object.fromEntries(
      ids.map((each) => [each.port, one({ name: each.name, interfaces: ['uuid', each.interface] })]),
    ),
    Interface: Object.fromEntries(
      ids.map(({ vnic, name, n, ...each }) => [
        each.interface,
        one({ name, ofport: n + 1, external_ids: ['map', [['iface-id', vnic]]] }),
      ]),
    ),
  }
}

t.test('B123: a host that has more rows than it may is closed, keeps its VNICs, and has a condition', async (t) => {
  const { url, ovsdb } = await running(t, '--ovsdb-max-rows', '5000')
  const made = await send<{ id: string }>(`${url}/v1/projects/red/vnics`, 'POST', {})
  const vnic = `${url}/v1/projects/red/vnics/${made.body.id}`
  const holder = async () =>
    (await send<{ binding: { hypervisor: string } | null }>(vnic, 'GET')).body.binding?.hypervisor
  const snapshot = () => claiming([made.body.id])
  const host = new LyingHost(t, ovsdb, { snapshot })
  await until(async () => (await holder()) === 'liar')
  while (!host.socket.destroyed) await host.update({ Interface: rows(1_000, { insert: {} }) })
  const tooMany = async () => (await viewOf(url, 'liar')).conditions.find(({ code }) => code === 'too-many-rows')
  await until(async () => (await tooMany()) !== undefined)
  t.match(await tooMany(), { message: /there are more than 5000 rows; remove ports .* or raise ovsdb\.max_rows/ })
  t.equal(await holder(), 'liar', 'nothing is deleted on a partial view')
  const again = new LyingHost(t, ovsdb, { snapshot: () => ({ Interface: rows(100_000, { initial: {} }) }) })
  await again.closed
  t.match((await viewOf(url, 'liar')).ovsdb_connected, false)
  t.ok(await tooMany())
})

t.test('B124: a host with very long texts is read, and what is kept of it is short', async (t) => {
  const { url, ovsdb } = await running(t)
  const long = 'x'.repeat(200_000)
  const external = { hostname: long, 'plugboard-encap-ip': long, 'plugboard-bridge-mappings': 'a:b,'.repeat(50_000) }
  new LyingHost(t, ovsdb, { external })
  await until(async () => (await viewOf(url, 'liar')).ovsdb_connected === true)
  await until(async () => (await viewOf(url, 'liar')).conditions.length > 0)
  const { status, body } = await send<View>(`${url}/v1/hypervisors/liar`, 'GET')
  t.equal(status, 200)
  t.equal(body.hostname.length, 255)
  t.equal(body.encap_ip, null)
  t.ok(JSON.stringify(body).length < 20_000, `${JSON.stringify(body).length} octets`)
})

t.test(
  'B126: hypervisors that never had a VNIC and have gone are forgotten, those that left first in front',
  async (t) => {
    const { url, ovsdb } = await running(t, '--ovsdb-max-strangers', '2')
    for (const systemId of ['a', 'b', 'c', 'd']) {
      const host = new LyingHost(t, ovsdb, { systemId })
      await until(async () => (await viewOf(url, systemId)).ovsdb_connected === true)
      host.socket.destroy()
      await until(async () => (await viewOf(url, systemId)).ovsdb_connected !== true)
    }
    const listed = async () => {
      const { body } = await send<{ hypervisors: { id: string }[] }>(`${url}/v1/hypervisors`, 'GET')
      return body.hypervisors.map(({ id }) => id)
    }
    await until(async () => (await listed()).length === 2)
    t.same(await listed(), ['c', 'd'])
  },
)

t.test('B127: while a host connects again, nobody else gets its system-id', async (t) => {
  const { plugboard, url, ovsdb } = await running(t)
  const connected = async () => (await viewOf(url, 'liar')).ovsdb_connected
  const host = new LyingHost(t, ovsdb)
  await until(connected)
  host.socket.destroy()
  await until(async () => !(await connected()))
  const thief = new LyingHost(t, ovsdb, { from: '127.0.0.78' })
  await thief.closed
  const [condition] = (await viewOf(url, 'liar')).conditions
  t.match(condition, { code: 'duplicate-system-id', message: /was last that of the host at 127\.0\.0\.77/ })
  const back = new LyingHost(t, ovsdb)
  await until(connected)
  t.notOk(back.isClosed)
  await plugboard.says('hypervisor joined')
})
