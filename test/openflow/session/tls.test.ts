/** TLS in both directions, with certificates that the test makes; on real Open vSwitch too. */
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createConnection } from 'node:net'
import { join } from 'node:path'
import t from 'tap'
import { connect, listen, OpenFlowError, type Tls } from '../../../src/openflow/index.ts'
import { noOvs, Ovs } from '../support/ovs.ts'

const skip = ((): string | false => {
  try {
    execFileSync('openssl', ['version'], { stdio: 'ignore' })
    return false
  } catch {
    return 'openssl is not installed'
  }
})()

const KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'] as const
const openssl = (...args: readonly string[]): void => void execFileSync('openssl', args, { stdio: 'ignore' })

/** A certificate authority and the certificates that it has signed: paths of PEM files. */
function authority(directory: string, name: string): (host: string) => { key: string; cert: string; ca: string } {
  const at = (file: string): string => join(directory, `${name}.${file}`)
  openssl('req', '-x509', ...KEY, '-keyout', at('key'), '-out', at('pem'), '-subj', `/CN=${name}`)
  return (host) => {
    const files = { key: at(`${host}.key`), cert: at(`${host}.pem`), ca: at('pem') }
    const by = ['-CA', at('pem'), '-CAkey', at('key'), '-addext', `subjectAltName=DNS:${host}`]
    openssl('req', '-x509', ...KEY, '-keyout', files.key, '-out', files.cert, '-subj', `/CN=${host}`, ...by)
    return files
  }
}

const read = ({ key, cert, ca }: { key: string; cert: string; ca: string }): Tls => ({
  key: readFileSync(key),
  cert: readFileSync(cert),
  ca: readFileSync(ca),
})

t.test(
  'who has no certificate of the authority comes to no session; a name is asked for if it is said',
  { skip },
  async (t) => {
    const directory = t.testdir()
    const issue = authority(directory, 'ca')
    const [ours, theirs] = [read(issue('controller.test')), read(issue('switch.test'))]
    const stranger = read(authority(directory, 'stranger')('switch.test'))
    const refused: OpenFlowError[] = []
    const listener = await listen({ port: 0, tls: ours, onRefused: (error) => refused.push(error) })
    const { port } = listener.address
    // Both ends are controllers here, so the handshake of TLS is all that can succeed: neither end answers a features request.
    const come = (tls: Tls) => connect({ port, tls }).catch((error: unknown) => error)
    t.match(await come({ ...stranger, ca: ours.ca }), { code: /closed|not-connected/ })
    t.match(await come({ ...theirs, ca: stranger.ca }), { code: 'not-connected', message: /certificate/ })
    t.match(await come({ ...theirs, serverName: 'other.test' }), { code: 'not-connected', message: /other\.test/ })
    await t.rejects(connect({ port, tls: { ...theirs, key: 'no key' } }), { code: 'bad-credentials' })
    await t.rejects(listen({ port: 0, tls: { ...ours, cert: 'no certificate' } }), { code: 'bad-credentials' })
    const plain = createConnection({ port, host: '127.0.0.1' })
    plain.on('error', () => {})
    plain.end('no TLS at all')
    await once(plain, 'close')
    t.ok(refused.length >= 3 && refused.every((error) => error instanceof OpenFlowError), String(refused))
    const silent = createConnection({ port, host: '127.0.0.1' })
    await once(silent, 'connect')
    await listener.close()
  },
)

/** Waits for a switch over TLS, and returns what arrived. */
const CONTROLLER = `
const { readFileSync } = require('node:fs')
const [index, port, key, cert, ca] = process.argv.slice(1)
import(index).then(async ({ listen }) => {
  const tls = { key: readFileSync(key), cert: readFileSync(cert), ca: readFileSync(ca) }
  const listener = await listen({ port: Number(port), tls })
  console.log('listening')
  for await (const session of listener) {
    await session.barrier()
    console.log('session ' + session.version)
    await listener.close()
  }
})`

t.test('Open vSwitch connects by TLS', { skip: skip || noOvs }, async (t) => {
  const issue = authority(t.testdir(), 'ca')
  const [ours, theirs] = [issue('controller.test'), issue('switch.test')]
  const ovs = await Ovs.start(t)
  const inside = ['nsenter', `--net=/proc/${ovs.pid}/ns/net`]
  execFileSync('nsenter', [...inside.slice(1), 'ip', 'link', 'set', 'lo', 'up'])
  const index = new URL('../../../src/openflow/index.ts', import.meta.url).href
  const command = [process.execPath, '-e', CONTROLLER, index, '6653', ours.key, ours.cert, ours.ca]
  const controller = spawn('nsenter', [...inside.slice(1), ...command], { stdio: ['ignore', 'pipe', 'inherit'] })
  t.teardown(() => void controller.kill('SIGKILL'))
  await once(controller.stdout, 'data')
  await ovs.vsctl('set-ssl', theirs.key, theirs.cert, theirs.ca, '--', 'set-controller', 'br0', 'ssl:127.0.0.1:6653')
  const [said] = await once(controller.stdout, 'data')
  t.match(String(said), /session 6/)
  const [code] = await once(controller, 'exit')
  t.equal(code, 0, 'the listener closes')
})
