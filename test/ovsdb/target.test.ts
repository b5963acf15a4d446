import t from 'tap'
import { parseActive, parsePassive, printTarget, type Target } from '../../src/ovsdb/index.ts'

const tls = { key: 'k', cert: 'c', ca: 'a' }

t.test("OVS's connection methods", async (t) => {
  const active: ReadonlyArray<readonly [string, Target, string?]> = [
    ['unix:/run/db.sock', { path: '/run/db.sock' }],
    ['tcp:10.0.0.1:1234', { host: '10.0.0.1', port: 1234 }],
    ['tcp:ovs.example', { host: 'ovs.example', port: 6640 }, 'tcp:ovs.example:6640'],
    ['tcp:[fe80::1%eth0]:1', { host: 'fe80::1%eth0', port: 1 }],
    ['ssl:[::1]', { host: '::1', port: 6640, tls }, 'ssl:[::1]:6640'],
    ['ssl:10.0.0.1:1234', { host: '10.0.0.1', port: 1234, tls }],
  ]
  for (const [text, target, printed = text] of active) {
    t.strictSame(parseActive(text, tls), target, text)
    t.equal(printTarget(target), printed)
  }
  const passive: ReadonlyArray<readonly [string, Target]> = [
    ['punix:/run/db.sock', { path: '/run/db.sock' }],
    ['ptcp:', { host: '0.0.0.0', port: 6640 }],
    ['ptcp:1234', { host: '0.0.0.0', port: 1234 }],
    ['ptcp::10.0.0.1', { host: '10.0.0.1', port: 6640 }],
    ['pssl:1234:[::]', { host: '::', port: 1234, tls }],
  ]
  for (const [text, target] of passive) t.strictSame(parsePassive(text, tls), target, text)
})

t.test('texts that are not a connection method', async (t) => {
  const wrong = [
    '',
    'unix:',
    'tcp:',
    'tcp:1:2:3',
    'tcp:::1',
    'tcp:a:65536',
    'tcp:a:-1',
    'udp:a:1',
    'ptcp:1',
    '10.0.0.1',
  ]
  for (const text of wrong) t.throws(() => parseActive(text, tls), { code: 'bad-target' }, text)
  for (const text of ['', 'punix:', 'ptcp', 'ptcp:a', 'ptcp:1:2:3', 'ptcp:65536', 'tcp:a:1'])
    t.throws(() => parsePassive(text, tls), { code: 'bad-target' }, text)
  t.throws(() => parseActive('ssl:a'), { code: 'bad-target', message: /certificate/ }, 'no certificate')
  t.throws(() => parsePassive('pssl:'), { code: 'bad-target', message: /certificate/ })
})
