/** The process under a service manager that listens on NOTIFY_SOCKET, as systemd does. */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { NotifySocket } from './support/notify-socket.ts'
import { ANY_PORTS, Plugboard, send, start, storeIn } from './support/program.ts'

t.setTimeout(300_000)

const without = spawnSync('systemd-notify', ['--version']).status !== 0 && 'systemd-notify is not installed'

/** The address of a Unix socket has 107 octets at most, which the directory of a test may exceed. */
async function listen(t: Test): Promise<NotifySocket> {
  const directory = mkdtempSync(join(tmpdir(), 'plugboard-'))
  t.teardown(() => rmSync(directory, { recursive: true }))
  return await NotifySocket.open(t, join(directory, 'notify'))
}

/** Runs the program with these variables. */
function under(t: Test, variables: Readonly<Record<string, string>>): Plugboard {
  const words = Object.entries(variables).map(([name, value]) => `${name}=${value}`)
  return new Plugboard(t, [...ANY_PORTS, '--store-path', storeIn(t)], [], ['env', ...words])
}

t.test(
  'B150 systemd is told when the service is ready, that it is alive, and that it stops',
  { skip: without },
  async (t) => {
    const socket = await listen(t)
    const plugboard = under(t, { NOTIFY_SOCKET: socket.path, WATCHDOG_USEC: '300000' })
    await socket.hears('READY=1')
    const url = await plugboard.ready()
    t.equal((await send(`${url}/readyz`, 'GET')).status, 200)
    t.ok(socket.told.includes(`STATUS=the API listens on ${url.replace('http://', '')}`))
    await socket.hears('WATCHDOG=1', 3)
    t.equal(socket.count('STOPPING=1'), 0)
    t.equal(await plugboard.stop(), 0)
    await socket.hears('STOPPING=1')
    t.equal(socket.count('READY=1'), 1)
  },
)

t.test(
  'B150 without a watchdog, or with that of another process, it sends no signs of life',
  { skip: without },
  async (t) => {
    const socket = await listen(t)
    const plugboard = under(t, { NOTIFY_SOCKET: socket.path, WATCHDOG_USEC: '1000', WATCHDOG_PID: '1' })
    await socket.hears('READY=1')
    t.equal(await plugboard.stop(), 0)
    await socket.hears('STOPPING=1')
    t.equal(socket.count('WATCHDOG=1'), 0)
  },
)

t.test('B150 it runs on if nobody listens, and says so once', { skip: without }, async (t) => {
  const plugboard = under(t, { NOTIFY_SOCKET: join(t.testdir(), 'nobody'), WATCHDOG_USEC: '300000' })
  const url = await plugboard.ready()
  await plugboard.says('cannot tell systemd how the service is, so it may end the service')
  t.equal((await send(`${url}/healthz`, 'GET')).status, 200)
  t.equal(await plugboard.stop(), 0)
  t.equal(plugboard.log.filter(({ msg }) => String(msg).startsWith('cannot tell systemd')).length, 1)
})

t.test('B150 as a program of its own it tells nobody', async (t) => {
  const plugboard = start(t, storeIn(t))
  await plugboard.ready()
  t.equal(await plugboard.stop(), 0)
  t.notOk(plugboard.log.some(({ msg }) => String(msg).includes('systemd')))
})
