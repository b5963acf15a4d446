/** The real process: its start, its output, its end. */
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import t from 'tap'
import { configure } from '../src/config/config.ts'
import { targetFor } from '../src/server.ts'
import { empty, fill, skip, smallDisk } from './store/support/disk.ts'
import { ANY_PORTS, Plugboard, send, start, storeIn } from './support/program.ts'

t.jobs = 3
t.setTimeout(600_000)

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  t.test(`it starts, reports where it listens, and ends with 0 at ${signal}`, async (t) => {
    const plugboard = start(t, storeIn(t))
    const url = await plugboard.ready()
    t.match(await plugboard.says('plugboard is ready'), {
      http: /^127\.0\.0\.1:[1-9]\d*$/,
      openflow: /^127\.0\.0\.1:[1-9]\d*$/,
      ovsdb: /^\[::1\]:[1-9]\d*$/,
    })
    t.equal((await send(`${url}/healthz`, 'GET')).status, 200)
    t.equal((await send(`${url}/readyz`, 'GET')).status, 200)
    t.equal(await plugboard.stop(signal), 0)
    t.same(
      plugboard.log.slice(-2).map(({ msg }) => msg),
      ['stopping', 'stopped'],
    )
  })
}

t.test('with a file, as `npm start -- --config plugboard.yaml`', async (t) => {
  const file = join(t.testdir(), 'plugboard.yaml')
  const shipped = readFileSync(new URL('../plugboard.yaml', import.meta.url), 'utf8')
  writeFileSync(
    file,
    shipped.replaceAll(/(listen: .*):\d+$/gm, '$1:0').replace('./plugboard-data', join(t.testdirName, 'store')),
  )
  const plugboard = new Plugboard(t, ['--config', file])
  await plugboard.ready()
  t.equal(await plugboard.stop(), 0)
})

t.test('B30 confirmed writes exist after kill -9', async (t) => {
  const store = storeIn(t)
  const first = start(t, store)
  const made = await send<{ id: string }>(`${await first.ready()}/v1/projects/p1/vnics`, 'POST', { name: 'eth0' })
  t.equal(made.status, 201)
  t.equal(await first.stop('SIGKILL'), 'SIGKILL')
  const second = start(t, store)
  t.match(await send(`${await second.ready()}/v1/projects/p1/vnics/${made.body.id}`, 'GET'), {
    status: 200,
    body: { name: 'eth0' },
  })
  t.equal(await second.stop(), 0)
})

t.test('B30 the events of confirmed requests exist after kill -9', async (t) => {
  const store = storeIn(t)
  const first = start(t, store)
  const before = `${await first.ready()}/v1/projects/p1`
  const answers = await Promise.all(
    Array.from({ length: 20 }, () => send<{ id: string }>(`${before}/vnics`, 'POST', {})),
  )
  t.equal(await first.stop('SIGKILL'), 'SIGKILL')
  const second = start(t, store)
  const stream = await fetch(`${await second.ready()}/v1/projects/p1/events`, { headers: { 'last-event-id': '0' } })
  const reader = stream.body?.pipeThrough(new TextDecoderStream()).getReader()
  for (let seen = ''; !answers.every(({ body }) => seen.includes(body.id)); ) {
    seen += (await reader?.read())?.value ?? t.fail('the stream ended')
    t.notMatch(seen, 'resync')
  }
  await reader?.cancel()
  t.equal(await second.stop(), 0)
})

t.test('at the end held waits are answered 202 and streams end', async (t) => {
  const plugboard = start(t, storeIn(t))
  const project = `${await plugboard.ready()}/v1/projects/p1`
  const { body: network } = await send<{ id: string }>(`${project}/networks`, 'POST', {})
  const { body: port } = await send<{ id: string }>(`${project}/networks/${network.id}/ports`, 'POST', {})
  const { body: vnic } = await send<{ id: string }>(`${project}/vnics`, 'POST', {})
  const stream = await fetch(`${project}/events`)
  t.equal(stream.status, 200)
  const held = send<{ status: string }>(
    `${project}/vnics/${vnic.id}/port`,
    'PUT',
    { port_id: port.id },
    { prefer: 'wait=60' },
  )
  // When the event has arrived, the plug is durable and its answer is held.
  const reader = stream.body?.pipeThrough(new TextDecoderStream()).getReader()
  for (let seen = ''; !seen.includes('vnic.status'); )
    seen += (await reader?.read())?.value ?? t.fail('the stream ended')
  const code = plugboard.stop()
  t.match(await held, { status: 202, body: { status: 'waiting', port_id: port.id } })
  for (let done = false; !done; ) done = (await reader?.read())?.done ?? true
  t.equal(await code, 0)
})

/** A request whose body never ends. */
async function hang(url: string): Promise<void> {
  const { hostname, port } = new URL(url)
  const socket = connect(Number(port), hostname)
  await once(socket, 'connect')
  socket.on('error', () => socket.destroy())
  socket.write(
    `POST /v1/projects/p1/vnics HTTP/1.1\r\nhost: ${hostname}\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{`,
  )
}

t.test('a request that does not end holds it up for a moment only', async (t) => {
  const plugboard = start(t, storeIn(t))
  await hang(await plugboard.ready())
  t.equal(await plugboard.stop(), 0)
  t.ok(await plugboard.says('stopping: requests were still under way'))
  t.match(await plugboard.says('stopped'), { storeClosed: true })
})

t.test('further signals change nothing: under npm a Ctrl-C comes twice', async (t) => {
  const plugboard = start(t, storeIn(t))
  await hang(await plugboard.ready())
  plugboard.process.kill('SIGINT')
  await plugboard.says('stopping')
  plugboard.process.kill('SIGINT')
  t.equal(await plugboard.stop('SIGTERM'), 0)
  t.match(await plugboard.says('stopped'), { storeClosed: true })
})

for (const [event, fault] of [
  ['uncaughtException', 'throw new Error("boom")'],
  ['unhandledRejection', 'Promise.reject(new Error("boom"))'],
] as const) {
  t.test(`a fault in the program (${event}) ends it with a last line`, async (t) => {
    const saboteur = `data:text/javascript,process.on('SIGUSR2', () => { ${fault} })`
    const plugboard = new Plugboard(t, [...ANY_PORTS, '--store-path', storeIn(t)], ['--import', saboteur])
    await plugboard.ready()
    t.equal(await plugboard.stop('SIGUSR2'), 1)
    t.match(plugboard.log.at(-1), {
      level: 60,
      msg: new RegExp(`^${event}: `),
      err: { message: 'boom', stack: String },
    })
    t.equal(await plugboard.errors, '')
  })
}

t.test('a switch gets the address that its OVSDB has connected to, unless another one is advertised', async (t) => {
  const config = configure(undefined, {}, [])
  t.equal(targetFor(config, 6653, '192.0.2.1'), 'tcp:192.0.2.1:6653')
  t.equal(targetFor(config, 6653, '2001:db8::1'), 'tcp:[2001:db8::1]:6653')
  const behind = configure(undefined, { PLUGBOARD_OPENFLOW_ADVERTISE: 'tcp:198.51.100.1:16653' }, [])
  t.equal(targetFor(behind, 6653, '192.0.2.1'), 'tcp:198.51.100.1:16653')
})

t.test('a connection that does not speak OpenFlow is refused with a log line', async (t) => {
  const plugboard = start(t, storeIn(t))
  await plugboard.ready()
  const { openflow } = await plugboard.says('plugboard is ready')
  const [host, port] = String(openflow).split(':')
  const socket = connect(Number(port), host)
  socket.end('GET / HTTP/1.1\r\n\r\n')
  socket.resume()
  t.match(await plugboard.says('an OpenFlow connection was refused'), { level: 40, from: /^127\.0\.0\.1:\d+$/ })
  t.equal(await plugboard.stop(), 0)
})

t.test(
  'B38 the disk is full: 503, nothing is applied, /readyz says so, and it goes on when there is space',
  { skip },
  async (t) => {
    const disk = smallDisk(t, 4)
    const plugboard = start(t, join(disk, 'store'))
    const url = await plugboard.ready()
    const names: string[] = []
    const make = async () => {
      const name = 'x'.repeat(200)
      const answer = await send<{ id: string }>(`${url}/v1/projects/p1/vnics`, 'POST', { name })
      if (answer.status === 201) names.push(answer.body.id)
      return answer
    }
    t.equal((await make()).status, 201)
    fill(disk)
    let answer = await make()
    while (answer.status === 201) answer = await make()
    t.match(answer, { status: 503, body: { code: 'unavailable' } })
    t.match(await send(`${url}/readyz`, 'GET'), {
      status: 503,
      body: { code: 'unavailable', detail: /there is no space left on its disk/ },
    })
    const listed = await send<{ vnics: Array<{ id: string }> }>(`${url}/v1/projects/p1/vnics?limit=1000`, 'GET')
    t.same(
      listed.body.vnics.map(({ id }) => id),
      names.slice(0, 1000),
    )
    empty(disk)
    t.equal((await make()).status, 201)
    t.equal((await send(`${url}/readyz`, 'GET')).status, 200)
    t.equal(await plugboard.stop(), 0)
  },
)
