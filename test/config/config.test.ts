/** Configurations from a file, from variables and from flags: how each source is read, and which one takes precedence. */
import { readFileSync } from 'node:fs'
import t from 'tap'
import { type Config, configure } from '../../src/config/config.ts'
import { configOf, DIGEST, type Sources } from './support.ts'

const CONNECTIONS = { max_connections: 4096, max_unknown: 1024, max_unknown_per_address: 256, join_seconds: 30 }
const NO_TLS = { cert: undefined, key: undefined, ca: undefined }
const LIMITS = {
  max_connections: 16_384,
  max_connections_per_address: 12_288,
  max_requests: 4096,
  max_requests_per_token: 2048,
  max_requests_per_second: 2000,
  max_held: 8192,
  max_held_per_token: 6144,
  max_streams: 4096,
  max_streams_per_token: 256,
  max_unread_mib_per_token: 64,
  max_delay_ms: 1000,
  header_seconds: 10,
  request_seconds: 30,
  unread_seconds: 30,
}
const DEFAULTS: Config = {
  http: { listen: { host: '127.0.0.1', port: 9797 }, tls: NO_TLS, hosts: [], ...LIMITS },
  openflow: { listen: { host: '0.0.0.0', port: 6653 }, advertise: undefined, tls: NO_TLS, ...CONNECTIONS },
  ovsdb: {
    listen: { host: '0.0.0.0', port: 6640 },
    tls: { ...NO_TLS, name: '{system-id}' },
    ...CONNECTIONS,
    max_message_mib: 32,
    max_rows: 20_000,
    max_strangers: 1000,
    forget_seconds: 86_400,
  },
  store: { path: './plugboard-data', adopt: false },
  physical_networks: { physnet1: { vlans: [{ first: 100, last: 4000 }], floating: [] } },
  engines: ['vlan', 'vxlan', 'geneve', 'flat', 'remote-l2', 'nat-ipv4'],
  overlays: {
    vxlan: { vnis: [{ first: 4096, last: 16777215 }] },
    geneve: { vnis: [{ first: 4096, last: 16777215 }] },
    mtu: 1500,
  },
  auth: {
    tokens: [],
    oidc: {
      issuer: undefined,
      audience: undefined,
      jwks_url: undefined,
      project_claim: 'project',
      role_claim: 'role',
    },
    roles: { flat: 'admin', 'remote-l2': 'admin' },
  },
  audit: { path: undefined },
  quotas: { networks: 1000, ports: 10_000, vnics: 10_000 },
  metrics: { public: false },
  log: { level: 'info' },
}

t.test('without any source: the defaults, as in plugboard.yaml', (t) => {
  t.strictSame(configOf(t, {}), DEFAULTS)
  const shipped = new URL('../../plugboard.yaml', import.meta.url)
  t.strictSame(configOf(t, { yaml: readFileSync(shipped, 'utf8') }), DEFAULTS)
  t.strictSame(configOf(t, { yaml: '' }), DEFAULTS, 'an empty file')
  t.strictSame(
    configOf(t, { yaml: 'http:\n  # listen: 1\nauth:\n  tokens:\n' }),
    DEFAULTS,
    'keys whose values are commented out',
  )
  t.end()
})

t.test('plugboard.yaml names every key that is set by default', (t) => {
  const text = readFileSync(new URL('../../plugboard.yaml', import.meta.url), 'utf8')
  for (const word of [
    'listen:',
    'advertise:',
    'path:',
    'vlans:',
    'vnis:',
    'tokens:',
    'level:',
    'tls:',
    'oidc:',
    'audit:',
  ])
    t.match(text, word)
  t.end()
})

t.test('each key from each source; a flag overrides a variable, a variable the file', (t) => {
  const cases: Array<readonly [key: string, value: string, pick: (config: Config) => unknown, expected: unknown]> = [
    ['http.listen', '127.0.0.9:1', ({ http }) => http.listen, { host: '127.0.0.9', port: 1 }],
    ['openflow.listen', '10.0.0.1:1', ({ openflow }) => openflow.listen, { host: '10.0.0.1', port: 1 }],
    [
      'openflow.advertise',
      'tcp:controller.example:6653',
      ({ openflow }) => openflow.advertise,
      'tcp:controller.example:6653',
    ],
    ['ovsdb.listen', '10.0.0.1:0', ({ ovsdb }) => ovsdb.listen, { host: '10.0.0.1', port: 0 }],
    ['openflow.max_unknown_per_address', '500', ({ openflow }) => openflow.max_unknown_per_address, 500],
    ['ovsdb.max_message_mib', '64', ({ ovsdb }) => ovsdb.max_message_mib, 64],
    ['store.path', '/var/lib/plugboard', ({ store }) => store.path, '/var/lib/plugboard'],
    [
      'physical_networks.dc-1.vlans',
      '7',
      ({ physical_networks }) => physical_networks,
      { 'dc-1': { vlans: [{ first: 7, last: 7 }], floating: [] } },
    ],
    [
      'physical_networks.dc-1.floating',
      '[{prefix: 203.0.113.0/24, vlan: 50, gateway_ip: 203.0.113.1}, {prefix: 198.51.100.0/25}]',
      ({ physical_networks }) => physical_networks['dc-1']?.floating,
      [
        { prefix: { first: 0xcb007100, length: 24 }, vlan: 50, gateway: 0xcb007101 },
        { prefix: { first: 0xc6336400, length: 25 }, vlan: null, gateway: null },
      ],
    ],
    ['overlays.vxlan.vnis', '5-6', ({ overlays }) => overlays.vxlan.vnis, [{ first: 5, last: 6 }]],
    [
      'auth.tokens',
      `[{sha256: ${DIGEST}, project: "*", role: admin}]`,
      ({ auth }) => auth.tokens,
      [{ sha256: DIGEST, project: '*', role: 'admin' }],
    ],
    ['ovsdb.tls.name', 'hv-{system-id}.example', ({ ovsdb }) => ovsdb.tls.name, 'hv-{system-id}.example'],
    ['audit.path', '/var/log/audit', ({ audit }) => audit.path, '/var/log/audit'],
    ['http.hosts', '[plugboard.example, 10.0.0.1]', ({ http }) => http.hosts, ['plugboard.example', '10.0.0.1']],
    ['http.max_streams_per_token', '7', ({ http }) => http.max_streams_per_token, 7],
    [
      'auth.roles',
      '{flat: member, geneve: admin}',
      ({ auth }) => auth.roles,
      { flat: 'member', 'remote-l2': 'admin', geneve: 'admin' },
    ],
    ['quotas.networks', '0', ({ quotas }) => quotas.networks, 0],
    ['metrics.public', 'true', ({ metrics }) => metrics.public, true],
    ['log.level', 'debug', ({ log }) => log.level, 'debug'],
  ]
  for (const [key, value, pick, expected] of cases) {
    const path = key.split('.')
    const yaml = `${path.map((part, depth) => `${'  '.repeat(depth)}${part}:`).join('\n')} ${value}\n`
    const flag = `--${key.replaceAll(/[._]/g, '-')}`
    const variable = `PLUGBOARD_${key.replaceAll('.', '_').toUpperCase()}`
    t.strictSame(pick(configOf(t, { yaml })), expected, `${key} in a file`)
    t.strictSame(pick(configOf(t, { env: { [variable]: value } })), expected, variable)
    t.strictSame(pick(configOf(t, { flags: [flag, value] })), expected, flag)
    t.strictSame(pick(configOf(t, { flags: [`${flag}=${value}`] })), expected, `${flag}=`)
  }
  const level = (sources: Sources) => configOf(t, sources).log.level
  const yaml = 'log: { level: warn }'
  t.equal(level({ yaml, env: { PLUGBOARD_LOG_LEVEL: 'debug' } }), 'debug')
  t.equal(level({ yaml, env: { PLUGBOARD_LOG_LEVEL: 'debug' }, flags: ['--log-level', 'trace'] }), 'trace')
  t.equal(level({ yaml, flags: ['--log-level', 'trace', '--log-level', 'error'] }), 'error', 'the last flag counts')
  t.equal(level({ yaml, env: { PLUGBOARD_LOG_LEVEL: '' } }), 'warn', 'an empty variable counts as unset')
  t.end()
})

t.test('physical networks: the default applies until one is named; sources add names', (t) => {
  const names = (sources: Sources) => Object.keys(configOf(t, sources).physical_networks)
  t.same(names({ yaml: 'physical_networks: {}' }), [])
  t.same(names({ yaml: 'physical_networks: { a: { vlans: 1-2 }, b: }' }), ['a', 'b'])
  t.same(names({ yaml: 'physical_networks: { a: { vlans: 1-2 } }', flags: ['--physical-networks-b-vlans', '3'] }), [
    'a',
    'b',
  ])
  t.same(
    names({ env: { PLUGBOARD_PHYSICAL_NETWORKS_DC_1_VLANS: '3' } }),
    ['dc_1'],
    'a variable has the name in capitals',
  )
  t.same(configOf(t, { yaml: 'physical_networks: { b: }' }).physical_networks, {
    b: { vlans: [{ first: 100, last: 4000 }], floating: [] },
  })
  t.end()
})

t.test('addresses and ranges in their forms', (t) => {
  const listen = (text: string) => configOf(t, { flags: ['--ovsdb-listen', text] }).ovsdb.listen
  t.same(listen('[::]:6640'), { host: '::', port: 6640 })
  t.same(listen('[::ffff:10.0.0.1]:65535'), { host: '::ffff:10.0.0.1', port: 65535 })
  t.same(listen('node-1.example:6640'), { host: 'node-1.example', port: 6640 })
  t.same(listen('localhost:0'), { host: 'localhost', port: 0 })
  const vlans = (yaml: string) =>
    configOf(t, { yaml: `physical_networks: { p: { vlans: ${yaml} } }` }).physical_networks.p?.vlans
  t.same(vlans('100'), [{ first: 100, last: 100 }])
  t.same(vlans('"300, 100-200 ,201,150-160"'), [
    { first: 100, last: 201 },
    { first: 300, last: 300 },
  ])
  t.same(vlans('"1-4094"'), [{ first: 1, last: 4094 }])
  t.equal(
    configOf(t, { flags: ['--openflow-advertise', 'tcp:[2001:db8::1]:6653'] }).openflow.advertise,
    'tcp:[2001:db8::1]:6653',
  )
  t.end()
})

t.test('without tokens the API listens on loopback only', (t) => {
  const listen =
    (text: string, env: Record<string, string> = {}) =>
    () =>
      configOf(t, { flags: ['--http-listen', text], env })
  for (const address of [
    '127.0.0.1:1',
    '127.9.9.9:1',
    '[::1]:1',
    '[0:0::1]:1',
    'localhost:1',
    '[::ffff:127.0.0.1]:1',
  ]) {
    t.doesNotThrow(listen(address), address)
  }
  for (const address of [
    '0.0.0.0:1',
    '[::]:1',
    '[fe80::1%eth0]:1',
    '192.0.2.1:1',
    'example.org:1',
    '[::ffff:10.0.0.1]:1',
    '[::ffff:7.241.1.1]:1',
    '[::ffff:0.127.0.1]:1',
  ]) {
    t.throws(listen(address), {
      name: 'ConfigError',
      message:
        /^http\.listen holds ".*", and auth\.tokens is empty: without tokens every caller is an administrator, so the API may listen on loopback only, such as 127\.0\.0\.1:1; configure tokens to let others in$/,
    })
    t.doesNotThrow(
      listen(address, { PLUGBOARD_AUTH_TOKENS: `[{"sha256":"${DIGEST}","project":"*","role":"admin"}]` }),
      'with tokens',
    )
  }
  t.end()
})

t.test('variables of others are left alone', (t) => {
  const env = {
    PATH: '/bin',
    PLUGBOARD: 'x',
    // A variable that Kubernetes sets for a service named plugboard.
    PLUGBOARD_SERVICE_HOST: '10.0.0.1',
    PLUGBOARD_SERVICE_PORT: '6640',
    PLUGBOARD_SERVICE_PORT_OVSDB: '6640',
    PLUGBOARD_PORT: 'tcp://10.0.0.1:6640',
    PLUGBOARD_PORT_6640_TCP: 'tcp://10.0.0.1:6640',
    PLUGBOARD_PORT_6640_TCP_ADDR: '10.0.0.1',
    PLUGBOARD_PORT_6640_TCP_PORT: '6640',
    PLUGBOARD_PORT_6640_TCP_PROTO: 'tcp',
  }
  t.strictSame(configure(undefined, env, []), DEFAULTS)
  t.end()
})
