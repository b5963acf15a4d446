import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { parseCommandLine } from '../../src/cli.ts'
import { type Config, ConfigError, configure } from '../../src/config/config.ts'

const DEFAULTS: Config = {
  http: { listen: { host: '127.0.0.1', port: 9797 } },
  openflow: { listen: { host: '0.0.0.0', port: 6653 }, advertise: undefined },
  ovsdb: { listen: { host: '0.0.0.0', port: 6640 } },
  store: { path: './plugboard-data' },
  physical_networks: { physnet1: { vlans: [{ first: 100, last: 4000 }], floating: [] } },
  engines: ['vlan', 'vxlan', 'geneve', 'flat', 'remote-l2', 'nat-ipv4'],
  overlays: {
    vxlan: { vnis: [{ first: 4096, last: 16777215 }] },
    geneve: { vnis: [{ first: 4096, last: 16777215 }] },
    mtu: 1500,
  },
  auth: { tokens: [] },
  log: { level: 'info' },
}

/** The configuration of a file with this text, these variables and flags. */
function configOf(
  t: Test,
  { yaml, env = {}, flags = [] }: { yaml?: string; env?: Record<string, string>; flags?: string[] },
): Config {
  const file = join(t.testdir(), 'plugboard.yaml')
  if (yaml !== undefined) writeFileSync(file, yaml)
  const command = parseCommandLine([...(yaml === undefined ? [] : ['--config', file]), ...flags], env)
  if (command.name !== 'run') throw new Error(command.name)
  return command.config
}

const DIGEST = '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08'

t.test('without anything: the defaults, which are those of plugboard.yaml', (t) => {
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
  for (const word of ['listen:', 'advertise:', 'path:', 'vlans:', 'vnis:', 'tokens:', 'level:']) t.match(text, word)
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
  const level = (sources: Parameters<typeof configOf>[1]) => configOf(t, sources).log.level
  const yaml = 'log: { level: warn }'
  t.equal(level({ yaml, env: { PLUGBOARD_LOG_LEVEL: 'debug' } }), 'debug')
  t.equal(level({ yaml, env: { PLUGBOARD_LOG_LEVEL: 'debug' }, flags: ['--log-level', 'trace'] }), 'trace')
  t.equal(level({ yaml, flags: ['--log-level', 'trace', '--log-level', 'error'] }), 'error', 'the last flag counts')
  t.equal(level({ yaml, env: { PLUGBOARD_LOG_LEVEL: '' } }), 'warn', 'an empty variable is none')
  t.end()
})

t.test('physical networks: the default is there until one is named; sources add names', (t) => {
  const names = (sources: Parameters<typeof configOf>[1]) => Object.keys(configOf(t, sources).physical_networks)
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

t.test('floating addresses: what is wrong about a prefix, or between two, is one line', (t) => {
  const cases: Array<readonly [text: string, message: RegExp]> = [
    ['{ prefix: 203.0.113.0/24 }', /floating holds .*; allowed: a list of prefixes/],
    ['[{ prefix: 203.0.113.5/24 }]', /floating\[0\]\.prefix holds "203\.0\.113\.5\/24" .*no bits set behind/],
    ['[{ prefix: 224.0.0.0/24 }]', /floating\[0\]\.prefix holds/],
    ['[{ prefix: 203.0.113.0/31 }]', /floating\[0\]\.prefix holds/],
    ['[{ prefix: 203.0.113.0/24, vlan: 4095 }]', /floating\[0\]\.vlan holds 4095 .*from 1 to 4094/],
    ['[{ prefix: 203.0.113.0/24, gateway: 203.0.113.1 }]', /a field "gateway" .*only prefix, vlan, gateway_ip/],
    ['[{ prefix: 203.0.113.0/24, gateway_ip: 203.0.112.1 }]', /gateway_ip holds .* a host in 203\.0\.113\.0\/24/],
    ['[{ prefix: 203.0.113.0/24, gateway_ip: 203.0.113.255 }]', /floating\[0\]\.gateway_ip holds/],
    ['[{ prefix: 203.0.113.0/24 }, { prefix: 203.0.113.64/26 }]', /\[1\]\.prefix holds .* apart from that of \[0\]/],
    ['[{ prefix: 203.0.113.0/24, vlan: 100 }]', /\[0\]\.vlan holds 100; allowed: a VLAN outside "vlans"/],
  ]
  for (const [text, message] of cases) {
    t.throws(() => configOf(t, { flags: ['--physical-networks-p-floating', text] }), { name: 'ConfigError', message })
  }
  t.end()
})

t.test('an error is one line: the key, what it holds, where, and what is allowed', (t) => {
  const token = (fields: string) =>
    `auth: { tokens: [{ sha256: ${DIGEST}, project: p1, role: member }, { ${fields} }] }`
  const cases: Array<readonly [sources: Parameters<typeof configOf>[1], message: RegExp]> = [
    [
      { flags: ['--http-listen', '9797'] },
      /^http\.listen holds "9797" \(--http-listen\); allowed: ADDRESS:PORT, such as 127\.0\.0\.1:9797/,
    ],
    [{ flags: ['--http-listen', '127.0.0.1:65536'] }, /^http\.listen holds "127\.0\.0\.1:65536"/],
    [{ flags: ['--http-listen', '300.0.0.1:80'] }, /^http\.listen holds "300\.0\.0\.1:80"/],
    [{ flags: ['--http-listen', '[1::2::3]:80'] }, /^http\.listen holds/],
    [{ flags: ['--http-listen', '::1:80'] }, /^http\.listen holds "::1:80" .*"\[::1\]:9797"/],
    [
      { env: { PLUGBOARD_OVSDB_LISTEN: ':6640' } },
      /^ovsdb\.listen holds ":6640" \(PLUGBOARD_OVSDB_LISTEN\); allowed: ADDRESS:PORT/,
    ],
    [
      { yaml: '\nopenflow:\n  listen: 6653\n' },
      /^openflow\.listen holds 6653 \(.*plugboard\.yaml, line 3\); allowed: ADDRESS:PORT/,
    ],
    [
      { flags: ['--openflow-advertise', '10.0.0.1:6653'] },
      /^openflow\.advertise holds "10\.0\.0\.1:6653" .*allowed: tcp:ADDRESS:PORT/,
    ],
    [{ flags: ['--openflow-advertise', 'tcp:10.0.0.1:0'] }, /^openflow\.advertise holds/],
    [{ yaml: 'store: { path: 5 }' }, /^store\.path holds 5 .*allowed: the path of a directory$/],
    [
      { yaml: 'physical_networks: { p: { vlans: 0-5 } }' },
      /^physical_networks\.p\.vlans holds "0-5" .*each VLAN from 1 to 4094$/,
    ],
    [{ yaml: 'physical_networks: { p: { vlans: 100-4095 } }' }, /^physical_networks\.p\.vlans holds "100-4095"/],
    [{ yaml: 'physical_networks: { p: { vlans: 200-100 } }' }, /^physical_networks\.p\.vlans holds "200-100"/],
    [{ yaml: 'physical_networks: { p: { vlans: [1, 2] } }' }, /^physical_networks\.p\.vlans holds \[1,2\]/],
    [
      { yaml: 'physical_networks: { "a:b": { vlans: 1 } }' },
      /^physical_networks\.a:b \(.*line 1\) is no key of the configuration: allowed are 1 to 64 of A-Z/,
    ],
    [
      { flags: ['--overlays-vxlan-vnis', '1-16777216'] },
      /^overlays\.vxlan\.vnis holds "1-16777216" .*each VNI from 1 to 16777215$/,
    ],
    [
      { flags: ['--log-level', 'loud'] },
      /^log\.level holds "loud" \(--log-level\); allowed: one of fatal, error, warn, info, debug, trace, silent$/,
    ],
    [{ yaml: 'http: 80' }, /^http holds 80 \(.*line 1\); allowed: a mapping with listen$/],
    [{ yaml: '- http' }, /^the configuration holds \["http"\] .*allowed: a mapping with http, openflow/],
    [
      { yaml: 'log: { level: info }\nhtpp: { listen: x }' },
      /^htpp \(.*plugboard\.yaml, line 2\) is no key of the configuration: did you mean http\?$/,
    ],
    [
      { yaml: 'http:\n  listne: x' },
      /^http\.listne \(.*line 2\) is no key of the configuration: did you mean listen\?$/,
    ],
    [{ yaml: 'http:\n  toString: x' }, /^http\.toString .* is no key of the configuration: it may be one of listen$/],
    [
      { env: { PLUGBOARD_HTTP_LISTNE: 'x' } },
      /^PLUGBOARD_HTTP_LISTNE is no variable of Plugboard: did you mean PLUGBOARD_HTTP_LISTEN\?$/,
    ],
    [{ yaml: 'http:\n  listen: [::]:80\n' }, /plugboard\.yaml, line 2: this is not YAML: /],
    [
      { yaml: 'log: { level: info }\nlog: { level: warn }' },
      /plugboard\.yaml, line 2: this is not YAML: Map keys must be unique/,
    ],
    [{ yaml: 'log: { level: *there }' }, /plugboard\.yaml is not YAML: Unresolved alias/],
    [{ flags: ['--config', '/no/such.yaml'] }, /^the configuration file \/no\/such\.yaml cannot be read: ENOENT/],
    [
      { flags: ['--auth-tokens', '[{'] },
      /^auth\.tokens holds text that is not YAML \(--auth-tokens\); allowed: LIST as YAML or JSON$/,
    ],
    [
      { flags: ['--auth-tokens', 'secret'] },
      /^auth\.tokens holds no list \(--auth-tokens\); allowed: a list of tokens/,
    ],
    [{ yaml: 'auth: { tokens: [secret] }' }, /^auth\.tokens\[0\] holds no mapping/],
    [
      { yaml: token('sha256: secret, project: p1, role: member') },
      /^auth\.tokens\[1\]\.sha256 holds 6 characters .*allowed: the token's SHA-256 digest, 64 hex/,
    ],
    [{ yaml: token('project: p1, role: member') }, /^auth\.tokens\[1\]\.sha256 holds no text/],
    [
      { yaml: token(`sha256: ${DIGEST.replace('9', '8')}, project: a/b, role: member`) },
      /^auth\.tokens\[1\]\.project holds "a\/b" .*or "\*" for all$/,
    ],
    [
      { yaml: token(`sha256: ${DIGEST.replace('9', '8')}, project: p1, role: root`) },
      /^auth\.tokens\[1\]\.role holds "root" .*allowed: one of reader, member, admin$/,
    ],
    [
      { yaml: token(`sha256: ${DIGEST.replace('9', '8')}, project: p1, rol: admin`) },
      /^auth\.tokens\[1\] holds a field "rol" .*\(role\?\)$/,
    ],
    [
      { yaml: token(`sha256: ${DIGEST.toUpperCase()}, project: p2, role: admin`) },
      /^auth\.tokens\[1\]\.sha256 holds "9f86.*allowed: another digest than auth\.tokens\[0\] has$/,
    ],
  ]
  for (const [sources, message] of cases) {
    try {
      configOf(t, sources)
      t.fail(`it is taken: ${JSON.stringify(sources)}`)
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error
      t.match(error.message, message)
      t.notMatch(error.message, /\n|secret/, 'one line, without what may be a secret')
    }
  }
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
    // What Kubernetes sets for a service named plugboard.
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
