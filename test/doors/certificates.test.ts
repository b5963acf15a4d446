/** A real controller process with TLS: who may pass for which hypervisor, and for its switch. */

import { readFileSync } from 'node:fs'
import { connect as connectPlain } from 'node:net'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import t, { type Test } from 'tap'
import { datapathIdOf } from '../../src/hypervisors/provision.ts'
import { certify } from '../../src/pki/openssl.ts'
import { Peer } from '../openflow/support/peer.ts'
import { FakeSwitch } from '../support/fake-switch.ts'
import { until } from '../support/switches.ts'
import { type Authority, authorityIn, call, ended, playHost, withConfig } from './certified.ts'

t.setTimeout(600_000)

const configOf = ({ tls }: Authority, name = '{system-id}') => `
http: { listen: "127.0.0.1:0" }
openflow: { listen: "127.0.0.1:0", tls: ${tls} }
ovsdb: { listen: "127.0.0.1:0", tls: ${tls.replace('}', `, name: "${name}" }`)} }
`

async function cloud(t: Test, name?: string) {
  const authority = await authorityIn(t.testdir())
  const running = await withConfig(t, configOf(authority, name))
  const view = async (id: string) =>
    (await (await fetch(`http://${running.http}/v1/hypervisors/${id}`)).json()) as Record<string, unknown>
  /** A host with the certificate of `name`, which says that it is `systemId`. */
  const host = async (name: string, systemId = name, datapathId = datapathIdOf(systemId), ids = {}) =>
    playHost(await call(t, running.ovsdb, await authority.host(name)), systemId, datapathId, ids)
  /** A switch with the certificate of `name`. */
  const switchOf = async (name: string, datapathId: string) => {
    const peer = new Peer(await call(t, running.openflow, await authority.host(name)))
    return { peer, fake: await FakeSwitch.on(peer, { datapathId: BigInt(`0x${datapathId}`) }) }
  }
  return { ...running, authority, view, host, switchOf }
}

t.test('B140: a host joins by the certificate of its system-id, and by no other', async (t) => {
  const { plugboard, authority, ovsdb, view, host } = await cloud(t)
  const right = await host('hv1')
  await until(async () => (await view('hv1')).ovsdb_connected === true)
  t.match(await plugboard.says("writing the hypervisor's OVSDB"), { hypervisor: 'hv1' })

  const impostor = await host('hv2', 'hv1')
  await ended(impostor)
  t.match(await plugboard.says('refusing a host that has the certificate of another one'), {
    reason: /certificate is that of hv2, and hypervisor hv1 must show one of hv1/,
  })
  t.notOk(right.destroyed, 'the rightful host is not disturbed')
  t.equal((await view('hv1')).ovsdb_connected, true)
  await ended(await host('HV1', 'hv1'))

  const stranger = await authorityIn(join(t.testdirName, 'stranger'))
  const theirs = await stranger.host('hv3')
  const { ca } = await authority.host('hv3')
  await ended(playHost(await call(t, ovsdb, { ...theirs, ca }), 'hv3', datapathIdOf('hv3')))
  await ended(await call(t, ovsdb, { ca }))
  t.equal((await view('hv3')).status, 404, 'neither one of another authority nor one without a certificate joins')
})

t.test('B140: a rule may put the system-id into a longer name', async (t) => {
  const { view, host } = await cloud(t, '{system-id}.cloud.example')
  await host('hv1.cloud.example', 'hv1')
  await until(async () => (await view('hv1')).ovsdb_connected === true)
  await ended(await host('hv2', 'hv2'))
  t.equal((await view('hv2')).status, 404)
})

t.test('B140: a host cannot take the place of one that is away, unless its certificate names both', async (t) => {
  const { authority, ovsdb, view, host } = await cloud(t)
  const datapathId = datapathIdOf('hv1')
  const address = { 'plugboard-encap-ip': '192.0.2.1' }
  const first = await host('hv1', 'hv1', datapathId, address)
  await until(async () => (await view('hv1')).encap_ip === '192.0.2.1')
  first.destroy()
  await until(async () => (await view('hv1')).ovsdb_connected === false)
  const isRenamed = async () => JSON.stringify((await view('hv1')).conditions).includes('renamed')

  await host('hv2', 'hv2', datapathId, address)
  await until(async () => (await view('hv2')).ovsdb_connected === true)
  t.equal(await isRenamed(), false)

  const pair = { key: join(t.testdirName, 'both.key'), cert: join(t.testdirName, 'both.pem') }
  const ca = { key: join(authority.directory, 'ca.key'), cert: join(authority.directory, 'ca.pem') }
  const extensions = { subjectAltName: 'DNS:hv1' }
  await certify(authority.directory, pair, { commonName: 'hv3', days: 1, extensions, authority: ca })
  const both = { key: readFileSync(pair.key), cert: readFileSync(pair.cert), ca: readFileSync(ca.cert) }
  playHost(await call(t, ovsdb, both), 'hv3', datapathId, address)
  await until(isRenamed)
  t.match((await view('hv1')).conditions, [{ code: 'renamed', message: /has system-id hv3 now/ }])
})

t.test('B141: a switch belongs to the hypervisor that its certificate names', async (t) => {
  const { plugboard, view, host, switchOf } = await cloud(t)
  const datapathId = datapathIdOf('hv1')
  await host('hv1')
  await until(async () => (await view('hv1')).datapath_id === datapathId)

  const impostor = await switchOf('hv2', datapathId)
  await impostor.peer.end()
  t.match(await plugboard.says('a switch was refused'), { hypervisor: 'hv1', reason: /certificate is that of hv2/ })
  t.match(await view('hv1'), { openflow_connected: false, last_error: /certificate is that of hv2/ })

  await switchOf('hv1', datapathId)
  await until(async () => (await view('hv1')).openflow_connected === true)
  const late = await switchOf('hv2', datapathId)
  await late.peer.end()
  t.equal((await view('hv1')).openflow_connected, true, 'the rightful switch is not displaced')
})

t.test('B142: an unfinished TLS handshake is an unknown connection, and ends in time', async (t) => {
  const authority = await authorityIn(t.testdir())
  const limits = 'join_seconds: 1, max_unknown_per_address: 2'
  const { plugboard, ovsdb, openflow, http } = await withConfig(
    t,
    configOf(authority).replaceAll('"127.0.0.1:0", tls', `"127.0.0.1:0", ${limits}, tls`),
  )
  for (const port of [ovsdb, openflow]) {
    const silent = Array.from({ length: 3 }, () => {
      const socket = connectPlain({ host: '127.0.0.1', port })
      socket.on('error', () => undefined)
      t.teardown(() => socket.destroy())
      return new Promise<void>((resolve) => socket.resume().once('close', () => resolve()))
    })
    await Promise.all(silent)
  }
  t.match(await plugboard.says('an OVSDB connection was refused'), { reason: /has too many|not joined within 1 s/ })
  await plugboard.says('an OpenFlow connection was refused')
  const metrics = await (await fetch(`http://${http}/metrics`)).text()
  t.match(metrics, 'plugboard_connections{listener="ovsdb",state="unknown"} 0')
  t.match(metrics, 'plugboard_connections{listener="openflow",state="unknown"} 0')
  t.match(metrics, /plugboard_certificate_expiry_timestamp_seconds\{listener="ovsdb"\} \d{10}/)
})

t.test('B142: a host that has joined with TLS is known, and stays beyond that time', async (t) => {
  const authority = await authorityIn(t.testdir())
  const limits = 'join_seconds: 5'
  const { ovsdb, http } = await withConfig(
    t,
    configOf(authority).replaceAll('"127.0.0.1:0", tls', `"127.0.0.1:0", ${limits}, tls`),
  )
  const host = playHost(await call(t, ovsdb, await authority.host('hv1')), 'hv1', datapathIdOf('hv1'))
  await until(async () => {
    const metrics = await (await fetch(`http://${http}/metrics`)).text()
    return metrics.includes('plugboard_connections{listener="ovsdb",state="known"} 1')
  })
  await new Promise((resolve) => setTimeout(resolve, 6_000))
  t.notOk(host.destroyed)
})

t.test(
  'the API over TLS: callers without a certificate, or without TLS, get no answer when one is asked for',
  async (t) => {
    const { tls, host } = await authorityIn(t.testdir())
    const listener = '{ listen: "127.0.0.1:0" }'
    const config = `http: { listen: "localhost:0", tls: ${tls} }\nopenflow: ${listener}\novsdb: ${listener}\n`
    const { plugboard, http } = await withConfig(t, config)
    const port = Number(http.split(':').at(-1))
    const credentials = await host('nova')
    const ask = async (shown: Parameters<typeof call>[2]) => {
      const socket = await call(t, port, shown)
      socket.write('GET /healthz HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n')
      return (await text(socket).catch(() => '')).slice(0, 15)
    }
    t.equal(await ask(credentials), 'HTTP/1.1 200 OK')
    t.equal(await ask({ ca: credentials.ca }), '')
    const plain = connectPlain({ host: '127.0.0.1', port })
    plain.on('error', () => undefined)
    plain.write('GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n')
    t.equal(await text(plain).catch(() => ''), '')
    t.equal(await ask(credentials), 'HTTP/1.1 200 OK')
    t.equal(await plugboard.stop(), 0)
  },
)

t.test('no version of TLS before 1.2 is spoken', async (t) => {
  const authority = await authorityIn(t.testdir())
  const { ovsdb, openflow } = await withConfig(t, configOf(authority))
  const credentials = await authority.host('hv1')
  for (const port of [ovsdb, openflow]) {
    const old = { minVersion: 'TLSv1.1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT:@SECLEVEL=0' } as const
    await ended(await call(t, port, { ...credentials, ...old }))
    const socket = await call(t, port, { ...credentials, maxVersion: 'TLSv1.2' })
    t.equal(socket.getProtocol(), 'TLSv1.2')
  }
})
