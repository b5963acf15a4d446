/** A real controller process, and callers that want to exhaust it. A real ovsdb-server joins meanwhile. */
import { connect, type Socket } from 'node:net'
import { setImmediate as turn } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { encode } from '../../src/openflow/index.ts'
import { Peer } from '../openflow/support/peer.ts'
import { skip } from '../ovsdb/process.ts'
import { METER_FEATURES } from '../support/fake-switch.ts'
import { OvsdbHost } from '../support/ovsdb-host.ts'
import { ANY_PORTS, Plugboard, send, storeIn } from '../support/program.ts'
import { until } from '../support/switches.ts'
import { growthOf, memoryOf, ON_IPV4, room, running, runningAs } from './running.ts'

const refusedLines = ({ log }: Plugboard) =>
  log.filter(({ msg }) => /^an (OpenFlow|OVSDB) connection was refused$/.test(msg))

const isServed = async (url: string, id: string): Promise<boolean> =>
  (await send<{ ovsdb_connected?: boolean }>(`${url}/v1/hypervisors/${id}`, 'GET')).body.ovsdb_connected === true

/** A real host that joins. */
async function joining(t: Test, url: string, port: number): Promise<void> {
  const host = await OvsdbHost.start('rightful')
  t.teardown(() => host.stop())
  await host.join(port)
  await until(() => isServed(url, 'rightful'))
}

/** A caller that is closed by the other side sooner or later. */
function caller(t: Test, port: number, from = '127.0.0.66') {
  const socket: Socket = connect({ host: '127.0.0.1', port, localAddress: from })
  const closed = new Promise<void>((resolve) => socket.on('close', () => resolve()))
  socket.on('error', () => undefined)
  t.teardown(() => socket.destroy())
  return { socket, closed }
}

t.test(
  'B100: callers that send endless values without joining are closed, and the API and hosts go on',
  { skip },
  async (t) => {
    const { plugboard, url, ovsdb } = await running(t)
    const growsLess = growthOf(t, plugboard)
    const piece = '[],'.repeat(20_000)
    const attack = async () => {
      const { socket } = caller(t, ovsdb)
      socket.write('{"a":[')
      while (!socket.destroyed) {
        if (socket.write(piece)) await turn()
        else await room(socket)
      }
    }
    const attacks = Promise.all(Array.from({ length: 8 }, attack))
    await joining(t, url, ovsdb)
    await attacks
    t.equal((await send(`${url}/healthz`, 'GET')).status, 200)
    growsLess(200)
    t.ok(refusedLines(plugboard).length <= 2)
  },
)

t.test('B104 B105 B106: idle callers leave descriptors, memory and places for others', { skip }, async (t) => {
  const args = [...ANY_PORTS, ...ON_IPV4, '--store-path', storeIn(t), '--openflow-join-seconds', '3600']
  const started = new Plugboard(t, [...args, '--ovsdb-join-seconds', '3600'], [], ['prlimit', '--nofile=1024:1024'])
  const { plugboard, url, openflow, ovsdb } = await runningAs(started)
  const before = memoryOf(plugboard, 'VmRSS')
  const addresses = Array.from({ length: 10 }, (_, n) => `127.0.1.${n + 1}`)
  const callers = addresses.flatMap((from) =>
    [openflow, ovsdb].flatMap((port) => Array.from({ length: 100 }, () => caller(t, port, from))),
  )
  await Promise.all(callers.map(({ socket }) => new Promise<void>((resolve) => socket.once('connect', resolve))))
  await joining(t, url, ovsdb)
  t.equal((await send(`${url}/v1`, 'GET')).status, 200)
  const metrics = await (await fetch(`${url}/metrics`)).text()
  t.match(metrics, /^plugboard_connections\{listener="ovsdb",state="known"\} 1$/m)
  const grown = memoryOf(plugboard, 'VmRSS') - before
  t.comment(`${Math.round(grown)} MiB more, ${refusedLines(plugboard).length} lines`)
  t.ok(grown < 150, `${grown} MiB`)
  t.ok(refusedLines(plugboard).length <= 20, 'a line for each address and listener')
})

t.test('B102 B106: callers that only echo are closed in time, with few log lines', { skip }, async (t) => {
  const { plugboard, ovsdb } = await running(t, '--ovsdb-join-seconds', '1')
  const echo = async () => {
    const { socket, closed } = caller(t, ovsdb)
    const timer = setInterval(() => socket.write('{"id":"echo","method":"echo","params":[]}'), 20)
    await closed
    clearInterval(timer)
  }
  await Promise.all(Array.from({ length: 40 }, echo))
  await plugboard.says('an OVSDB connection was refused')
  t.equal(refusedLines(plugboard).length, 1)
  t.match(refusedLines(plugboard), [{ from: '127.0.0.66', reason: 'it has not joined within 1 s' }])
})

t.test('B107: a switch that answers a dump for ever is closed, and its hypervisor says why', { skip }, async (t) => {
  const { plugboard, url, openflow, ovsdb } = await running(t)
  await joining(t, url, ovsdb)
  const view = async () =>
    (await send<{ datapath_id: string | null; last_error: string }>(`${url}/v1/hypervisors/rightful`, 'GET')).body
  await until(async () => (await view()).datapath_id !== null)
  const growsLess = growthOf(t, plugboard)
  const peer = await Peer.connect(openflow)
  t.teardown(() => peer.socket.destroy())
  await peer.greet(BigInt(`0x${(await view()).datapath_id}`))
  for (;;) {
    const { multipart, xid } = await peer.nextOf('multipart_request')
    if (multipart !== 'flow') {
      if (multipart === 'meter_features')
        peer.send({ type: 'multipart_reply', multipart, xid, features: METER_FEATURES })
      if (multipart === 'meter_config') peer.send({ type: 'multipart_reply', multipart, xid, meters: [] })
      continue
    }
    await endless(peer, xid)
    break
  }
  await until(async () => /reports more than \d+ rules/.test((await view()).last_error))
  growsLess(900)
  t.equal((await send(`${url}/healthz`, 'GET')).status, 200)
})

/** Answers with rules, each with another cookie and match, until the connection ends. */
async function endless(peer: Peer, xid: number): Promise<void> {
  const size = 500
  for (let part = 0; !peer.socket.destroyed; part += 1) {
    const flows = Array.from({ length: size }, (_, n) => ({
      table: 30,
      priority: 100,
      cookie: 0x706c_7567_0000_0001n,
      match: [{ field: 'metadata', value: BigInt(part * size + n) } as const],
      instructions: [],
      stats: {},
    }))
    const octets = encode({ type: 'multipart_reply', multipart: 'flow', xid, more: true, flows })
    if (!peer.socket.write(octets)) await room(peer.socket)
  }
}
