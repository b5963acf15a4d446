/** TLS in both directions, on real ovsdb-server, with certificates that the test makes. */
import { once } from 'node:events'
import { createConnection } from 'node:net'
import t from 'tap'
import { type Connection, connect, listen, type OvsdbError, parseActive, parsePassive } from '../../src/ovsdb/index.ts'
import { Authority } from './certificates.ts'
import { freePort, Server, skip } from './server.ts'

t.test('connect', { skip }, async (t) => {
  const directory = t.testdir()
  const authority = new Authority(directory)
  const { files } = authority.issue('server.test')
  const { tls } = authority.issue('client.test')
  const port = await freePort()
  const pki = [`--private-key=${files.key}`, `--certificate=${files.cert}`, `--ca-cert=${files.ca}`]
  await using server = await Server.start(`--remote=pssl:${port}:127.0.0.1`, ...pki)
  t.ok(server)

  const connection = await connect(parseActive(`ssl:127.0.0.1:${port}`, tls))
  t.same([...(await connection.listDbs())].sort(), ['Open_vSwitch', '_Server'])
  t.equal(connection.remotePort, port)
  connection.close()

  const named = (serverName: string) => connect({ host: '127.0.0.1', port, tls: { ...tls, serverName } })
  const right = await named('server.test')
  right.close()
  await t.rejects(
    named('other.test'),
    { code: 'cannot-connect', message: /other\.test/ },
    'a name that the certificate does not contain',
  )

  const stranger = new Authority(directory, 'stranger').issue('client.test').tls
  const wrongAuthority = connect({ host: '127.0.0.1', port, tls: { ...tls, ca: stranger.ca } })
  await t.rejects(wrongAuthority, { code: 'cannot-connect' }, 'a server that our authority does not know')
  // With TLS 1.3, the client is connected before the server has checked the client's certificate.
  const refused = await connect({ host: '127.0.0.1', port, tls: { ...stranger, ca: tls.ca } }).then(
    (connection) => connection.closed.then(({ error }) => error?.code),
    (error: OvsdbError) => error.code,
  )
  t.match(refused, /^(closed|cannot-connect)$/, 'a client that its authority does not know')
})

t.test('listen', { skip }, async (t) => {
  const authority = new Authority(t.testdir())
  const { files } = authority.issue('switch.test')
  const { tls } = authority.issue('controller.test')
  const arrived = Promise.withResolvers<Connection>()
  const refused = Promise.withResolvers<OvsdbError>()
  const listener = await listen(parsePassive('pssl:0:127.0.0.1', tls), {
    onConnection: arrived.resolve,
    onRefused: refused.resolve,
  })
  const { address } = listener
  if (!('port' in address)) throw new Error('not a TCP port')

  const stranger = createConnection(address)
  stranger.on('error', () => undefined)
  stranger.end('{"id":1,"method":"echo","params":[]}')
  t.match(await refused.promise, { code: 'cannot-connect', message: /TLS handshake/ }, 'a peer without TLS')
  const idle = createConnection(address)
  await once(idle, 'connect')

  const pki = [`--private-key=${files.key}`, `--certificate=${files.cert}`, `--ca-cert=${files.ca}`]
  await using server = await Server.start(...pki)
  server.vsctl('set-manager', `ssl:127.0.0.1:${address.port}`)
  const connection = await arrived.promise
  t.same([...(await connection.listDbs())].sort(), ['Open_vSwitch', '_Server'])
  await listener.close('the program ends')
  t.match(await connection.closed, { reason: 'the program ends', error: undefined })
  await once(idle.resume(), 'close')
})

t.test('keys that cannot be read', async (t) => {
  const tls = { key: 'no key', cert: '', ca: '' }
  await t.rejects(listen({ host: '127.0.0.1', port: 0, tls }, { onConnection: () => undefined }), {
    code: 'cannot-listen',
  })
  await t.rejects(connect({ host: '127.0.0.1', port: 1, tls }), { code: 'cannot-connect' })
})
