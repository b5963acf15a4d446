/** The commands `plugboard pki`, and what their certificates are good for. */
import { X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { existsSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { connect, createServer } from 'node:tls'
import t from 'tap'
import { parseCommandLine } from '../../src/cli.ts'
import { certifyController, certifyHost, makeAuthority } from '../../src/pki/authority.ts'
import type { Pair } from '../../src/pki/openssl.ts'
import { run } from '../support/program.ts'

const certificateIn = ({ cert }: Pair) => new X509Certificate(readFileSync(cert))

t.test('B148: the commands make an authority, and certificates that it has signed', async (t) => {
  const directory = join(t.testdir(), 'pki')
  t.match(await run('pki', 'ca', directory), { status: 0, stdout: /keep it off the controller/ })
  t.match(await run('pki', 'controller', directory, '192.0.2.1', '2001:db8::1', 'plugboard.example'), { status: 0 })
  t.match(await run('pki', 'host', directory, 'hv1', 'hv_2.x'), { status: 0, stdout: /ovs-vsctl set-manager ssl:/ })
  const ca = new X509Certificate(readFileSync(join(directory, 'ca.pem')))
  t.ok(ca.ca)
  for (const name of ['controller', 'hosts/hv1', 'hosts/hv_2.x']) {
    const certificate = certificateIn({ key: '', cert: join(directory, `${name}.pem`) })
    t.ok(certificate.verify(ca.publicKey), name)
    t.notOk(certificate.ca)
    t.equal(statSync(join(directory, `${name}.key`)).mode & 0o077, 0, 'nobody else can read the key')
  }
  t.equal(statSync(join(directory, 'ca.key')).mode & 0o077, 0)
  const { subjectAltName } = certificateIn({ key: '', cert: join(directory, 'controller.pem') })
  t.equal(subjectAltName, 'IP Address:192.0.2.1, IP Address:2001:DB8:0:0:0:0:0:1, DNS:plugboard.example')
})

t.test('B148: mistakes are told in one line, and nothing is half made', async (t) => {
  const directory = join(t.testdir(), 'pki')
  const fails = async (status: number, words: RegExp, ...args: string[]) =>
    t.match(await run('pki', ...args), { status, stdout: '', stderr: words })
  await fails(1, /has no authority .*plugboard pki ca/, 'host', directory, 'hv1')
  await makeAuthority(directory)
  const before = readFileSync(join(directory, 'ca.pem'), 'utf8')
  await fails(1, /has an authority already/, 'ca', directory)
  await fails(1, /"a\/b" is no system-id/, 'host', directory, 'a/b')
  await fails(1, /"x\\nCA:TRUE" is no address|is no address of the controller/, 'controller', directory, 'x\nCA:TRUE')
  await fails(1, /is no address/, 'controller', directory, 'a,IP:10.0.0.1')
  t.equal(readFileSync(join(directory, 'ca.pem'), 'utf8'), before)
  t.notOk(existsSync(join(directory, 'controller.pem')))
  for (const args of [
    ['pki'],
    ['pki', 'ca'],
    ['pki', 'ca', 'd', 'x'],
    ['pki', 'host', 'd'],
    ['pki', 'controller', 'd'],
  ])
    t.throws(() => parseCommandLine(args, {}), { name: 'UsageError' })
})

t.test('B149: a host cannot pass for the controller with its certificate', async (t) => {
  const directory = t.testdir()
  const ca = readFileSync((await makeAuthority(directory)).cert)
  const [controller, hv1, hv2] = [
    await certifyController(directory, ['127.0.0.1']),
    await certifyHost(directory, 'hv1'),
    await certifyHost(directory, 'hv2'),
  ]
  /** Whether a client with the certificate of hv2 accepts a server with this certificate. */
  const isAccepted = async ({ key, cert }: Pair) => {
    const server = createServer({ key: readFileSync(key), cert: readFileSync(cert) })
    server.on('tlsClientError', () => undefined)
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as { port: number }
    const own = { key: readFileSync(hv2.key), cert: readFileSync(hv2.cert) }
    const socket = connect({ host: '127.0.0.1', port, ca, ...own, checkServerIdentity: () => undefined })
    const accepted = await new Promise<boolean>((resolve) =>
      socket.once('secureConnect', () => resolve(true)).once('error', () => resolve(false)),
    )
    socket.destroy()
    server.close()
    return accepted
  }
  t.equal(await isAccepted(controller), true)
  t.equal(await isAccepted(hv1), false)
})

t.test('B148: a host is given a new certificate in place of the old one', async (t) => {
  const directory = t.testdir()
  await makeAuthority(directory)
  const before = certificateIn(await certifyHost(directory, 'hv1')).serialNumber
  const pair = await certifyHost(directory, 'hv1')
  t.not(certificateIn(pair).serialNumber, before)
  t.ok(certificateIn(pair).checkHost('hv1'))
})
