/** SIGHUP: what a running controller takes from its configuration, and what stays. */
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { copyFileSync, existsSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs'
import { request as httpsRequest } from 'node:https'
import { join } from 'node:path'
import type { TLSSocket } from 'node:tls'
import { pino } from 'pino'
import t from 'tap'
import { openAudit } from '../../src/audit-file.ts'
import { datapathIdOf } from '../../src/hypervisors/provision.ts'
import { certifyController } from '../../src/pki/authority.ts'
import { ANY_PORTS, Plugboard, run, send, storeIn } from '../support/program.ts'
import { until } from '../support/switches.ts'
import { authorityIn, call, ended, playHost, withConfig } from './certified.ts'

t.setTimeout(600_000)

const digest = (token: string): string => createHash('sha256').update(token).digest('hex')
const bearer = (token: string) => ({ authorization: `Bearer ${token}` })

const LOOPBACK = `
http: { listen: "127.0.0.1:0" }
openflow: { listen: "127.0.0.1:0" }
ovsdb: { listen: "127.0.0.1:0" }
`
const tokens = (...names: readonly string[]) =>
  `${LOOPBACK}auth: { tokens: [${names.map((name) => `{ sha256: "${digest(name)}", project: p1, role: member }`).join(', ')}] }\n`

t.test('B143: certificates are renewed at SIGHUP, and no session ends', async (t) => {
  const authority = await authorityIn(t.testdir())
  const listener = `{ listen: "127.0.0.1:0", tls: ${authority.tls} }`
  const { reload, http, ovsdb, openflow } = await withConfig(
    t,
    `http: ${listener.replace(/, ca: [^ ]+/, '')}\nopenflow: ${listener}\novsdb: ${listener}\n`,
  )
  const hv1 = await authority.host('hv1')
  const joined = playHost(await call(t, ovsdb, hv1), 'hv1', datapathIdOf('hv1'))
  const serials = async () =>
    Promise.all(
      [Number(http.split(':').at(-1)), ovsdb, openflow].map(async (port) => {
        const socket = await call(t, port, hv1)
        return socket.getPeerX509Certificate()?.serialNumber
      }),
    )
  const before = await serials()
  t.equal(new Set(before).size, 1)
  t.equal(await statusOf(http, hv1.ca), 200, 'the API is served over TLS')
  await certifyController(authority.directory, ['127.0.0.1'])
  t.match(await reload(), { msg: 'the configuration was reloaded' })
  const after = await serials()
  t.equal(new Set(after).size, 1)
  t.not(after[0], before[0], 'new connections see the new certificate')
  await echoed(joined)
  t.notOk(joined.destroyed, 'the session of a host goes on')

  const old = await call(t, ovsdb, { ...hv1, maxVersion: 'TLSv1.2' })
  const session = old.getSession()
  t.ok(session)
  // Another authority: from now on the old certificates of hosts are refused, the session stays.
  const other = await authorityIn(join(t.testdirName, 'other'))
  for (const name of ['ca.pem', 'controller.pem', 'controller.key'])
    copyFileSync(join(other.directory, name), join(authority.directory, name))
  t.match(await reload(), { msg: 'the configuration was reloaded' })
  const refused = { ...hv1, ca: readFileSync(join(other.directory, 'ca.pem')) }
  await ended(await call(t, ovsdb, refused))
  await ended(await call(t, ovsdb, { ...refused, maxVersion: 'TLSv1.2', ...(session && { session }) }))
  await echoed(joined)
  t.notOk(joined.destroyed)
})

t.test('B144: a reload with a mistake keeps the old configuration and says what is wrong', async (t) => {
  const authority = await authorityIn(t.testdir())
  const listener = `{ listen: "127.0.0.1:0", tls: ${authority.tls} }`
  const good = `${tokens('first').replace(/^(openflow|ovsdb): .*$/gm, `$1: ${listener}`)}`
  const { plugboard, reload, http, ovsdb } = await withConfig(t, good)
  const hv1 = await authority.host('hv1')
  const works = async () => {
    t.equal((await send(`http://${http}/v1/projects/p1/vnics`, 'GET', undefined, bearer('first'))).status, 200)
    t.equal((await send(`http://${http}/v1/projects/p1/vnics`, 'GET', undefined, bearer('second'))).status, 401)
    t.ok((await call(t, ovsdb, hv1)).authorized)
  }
  const mistake = { level: 50, msg: /^the configuration was not reloaded: it has a mistake/ }
  t.match(await reload(good.replace('role: member', 'role: king').replace(digest('first'), digest('second'))), {
    ...mistake,
    reason: /^auth\.tokens\[0\]\.role holds "king" .*allowed: one of reader, member, admin/,
  })
  await works()
  t.match(await reload('http: ['), { ...mistake, reason: /this is not YAML/ })
  await works()
  // The tokens are right, a certificate is not: nothing is taken.
  const key = join(authority.directory, 'controller.key')
  renameSync(key, `${key}.away`)
  const second = good.replace(digest('first'), digest('second'))
  t.match(await reload(second), {
    ...mistake,
    reason: /^openflow\.tls\.key holds ".*controller\.key", which cannot be read/,
  })
  await works()
  writeFileSync(key, 'no key')
  t.match(await reload(second), { ...mistake, reason: /^openflow\.tls\.key holds .*allowed: a private key in PEM/ })
  copyFileSync(join(authority.directory, 'hosts', 'hv1.key'), key)
  t.match(await reload(second), {
    ...mistake,
    reason: /^openflow\.tls\.cert holds .*allowed: the certificate of the private key/,
  })
  await works()
  renameSync(`${key}.away`, key)
  t.match(await reload(second), { msg: 'the configuration was reloaded' })
  t.equal((await send(`http://${http}/v1/projects/p1/vnics`, 'GET', undefined, bearer('second'))).status, 200)
  t.equal(await plugboard.stop(), 0)
})

t.test('B143: keys that need a restart are named, and the others are taken', async (t) => {
  t.testdir()
  const { plugboard, reload, http } = await withConfig(t, tokens('first'))
  const more = 'store: { path: ./elsewhere }\nopenflow: { listen: "127.0.0.1:0", join_seconds: 5 }\n'
  await reload(tokens('second').replace(/^openflow: .*\n/m, '') + more)
  t.match(await plugboard.says('these keys have changed and take effect with a restart'), {
    level: 40,
    keys: ['openflow.join_seconds'],
  })
  t.equal((await send(`http://${http}/v1/projects/p1/vnics`, 'GET', undefined, bearer('second'))).status, 200)
})

t.test('B145: a token ends at SIGHUP, with its streams, and another one begins', async (t) => {
  t.testdir()
  const { plugboard, reload, http } = await withConfig(t, tokens('first', 'stays'), 'trace')
  const project = `http://${http}/v1/projects/p1`
  const streamOf = async (token: string) => {
    const stream = await fetch(`${project}/events`, { headers: bearer(token) })
    const reader = stream.body?.pipeThrough(new TextDecoderStream()).getReader()
    t.equal(stream.status, 200)
    return reader
  }
  const [ends, stays] = [await streamOf('first'), await streamOf('stays')]
  t.equal((await send(`${project}/vnics`, 'POST', {}, bearer('third'))).status, 401)
  await reload(tokens('third', 'stays'))
  t.equal((await send(`${project}/vnics`, 'POST', {}, bearer('first'))).status, 401)
  t.equal((await send(`${project}/vnics`, 'POST', {}, bearer('third'))).status, 201)
  const rest = async () => {
    for (;;) if ((await ends?.read())?.done !== false) return 'ended'
  }
  t.equal(await rest().catch(() => 'ended'), 'ended')
  for (let seen = ''; !seen.includes('vnic.created'); )
    seen += (await stays?.read())?.value ?? t.fail('the stream ended')
  await stays?.cancel()
  t.equal(await plugboard.stop(), 0)
  for (const secret of ['Bearer', 'third', 'stays', 'first'])
    t.notMatch(JSON.stringify(plugboard.log), secret, 'no token is logged, at any level')
})

t.test('B143: SIGHUP during the start is answered after it', async (t) => {
  const flags = ['--http-listen', '127.0.0.1:0', '--ovsdb-listen', '127.0.0.1:0', '--openflow-listen', '0.0.0.0:0']
  const plugboard = new Plugboard(t, [...flags, '--store-path', storeIn(t)])
  t.match(await plugboard.says(NO_TLS), { level: 40, listener: 'openflow', listen: '0.0.0.0:0' })
  plugboard.process.kill('SIGHUP')
  await plugboard.says('plugboard is ready')
  await plugboard.says('the configuration was reloaded')
  t.equal(await plugboard.stop(), 0)
  t.equal(
    plugboard.log.filter(({ msg }) => msg.startsWith('this listener has no TLS')).length,
    1,
    'loopback is no risk',
  )
})

const NO_TLS =
  'this listener has no TLS: whoever reaches it can pass for the switch of any hypervisor, and read which rules it gets: configure openflow.tls, or let only hypervisors reach this port'

/** Resolves when a caller has had an answer after this moment, or is closed. */
async function echoed(socket: TLSSocket): Promise<void> {
  if (socket.destroyed) return
  const answered = once(socket, 'data')
  socket.write('{"id":"probe","method":"echo","params":[]}')
  await Promise.race([answered, once(socket, 'close')])
}

/** @returns the status of the probe for liveness */
const statusOf = (address: string, ca: Buffer): Promise<number | undefined> =>
  new Promise((resolve, reject) => {
    const request = httpsRequest(`https://${address}/healthz`, { ca, agent: false }, (response) => {
      response.resume()
      resolve(response.statusCode)
    })
    request.on('error', reject).end()
  })

t.test('B147: the audit log in a file of its own, which is opened anew at SIGHUP', async (t) => {
  const file = join(t.testdir(), 'audit.log')
  const { plugboard, reload, http } = await withConfig(t, `${LOOPBACK}audit: { path: ${file} }\n`)
  const write = (name: string) => send(`http://${http}/v1/projects/p1/vnics`, 'POST', { name })
  const lines = (path: string) => readFileSync(path, 'utf8').trim().split('\n').length
  t.equal((await write('one')).status, 201)
  t.match(JSON.parse(readFileSync(file, 'utf8')), {
    who: 'everybody',
    changes: [{ kind: 'vnic', before: null, after: 1 }],
  })
  t.equal(statSync(file).mode & 0o077, 0, 'nobody else can read it')
  renameSync(file, `${file}.1`)
  plugboard.process.kill('SIGHUP')
  await until(() => existsSync(file))
  t.equal((await write('two')).status, 201)
  t.equal(lines(`${file}.1`), 1)
  t.equal(lines(file), 1)
  t.match(await reload('http: ['), { level: 50 })
  t.equal(await plugboard.stop(), 0)
  t.equal(plugboard.log.filter(({ msg }) => msg === 'audit').length, 0)
})

t.test('an audit log that cannot be written stops the start', async (t) => {
  const flags = [...ANY_PORTS, '--store-path', storeIn(t), '--audit-path', '/nonexistent/audit.log']
  t.match(await run(...flags), {
    status: 1,
    stderr: /^plugboard: audit\.path holds "\/nonexistent\/audit\.log": ENOENT.*\n$/,
  })
})

t.test('B147: the level of the log does not leave writes out', async (t) => {
  const lines: string[] = []
  const log = pino({ level: 'error' }, { write: (line: string) => void lines.push(line) })
  openAudit(undefined, log).log.info({ who: 'nova' }, 'audit')
  log.info('not this')
  t.match(
    lines.map((line) => JSON.parse(line) as unknown),
    [{ audit: true, who: 'nova', msg: 'audit' }],
  )
  t.equal(lines.length, 1)
})
