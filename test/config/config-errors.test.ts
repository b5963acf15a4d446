/** Each mistake in a configuration gives one line: the key, its value, the source, and what is allowed. */
import t from 'tap'
import { ConfigError } from '../../src/config/config.ts'
import { configOf, DIGEST, type Sources } from './support.ts'

t.test('floating addresses: each mistake in a prefix or between two prefixes is one line', (t) => {
  const cases: Array<readonly [text: string, message: RegExp]> = [
    ['{ prefix: 203.0.113.0/24 }', /floating holds .*; allowed: a list of prefixes/],
    ['[{ prefix: 203.0.113.5/24 }]', /floating\[0\]\.prefix holds "203\.0\.113\.5\/24" .*no bits set behind/],
    ['[{ prefix: 203.0.113.0/024 }]', /floating\[0\]\.prefix holds "203\.0\.113\.0\/024"/],
    ['[{ prefix: 203.0.113.0/24, gateway_ip: "::ffff:203.0.113.1" }]', /floating\[0\]\.gateway_ip holds/],
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

t.test('an error is one line: the key, its value, the source, and what is allowed', (t) => {
  const token = (fields: string) =>
    `auth: { tokens: [{ sha256: ${DIGEST}, project: p1, role: member }, { ${fields} }] }`
  const cases: Array<readonly [sources: Sources, message: RegExp]> = [
    [
      { flags: ['--http-listen', '9797'] },
      /^http\.listen holds "9797" \(--http-listen\); allowed: ADDRESS:PORT, such as 127\.0\.0\.1:9797/,
    ],
    [{ flags: ['--http-listen', '127.0.0.1:65536'] }, /^http\.listen holds "127\.0\.0\.1:65536"/],
    [{ flags: ['--http-listen', '300.0.0.1:80'] }, /^http\.listen holds "300\.0\.0\.1:80"/],
    // Resolvers take these for addresses of IPv4, and so for this machine.
    ...['127.1', '0x7f.1', '0x7f000001', '127.0.0.0x1', '2130706433', '127.0.0.01'].map(
      (host): readonly [Sources, RegExp] => [{ flags: ['--http-listen', `${host}:80`] }, /^http\.listen holds/],
    ),
    [{ flags: ['--http-listen', '127.0.0.1:080'] }, /^http\.listen holds/],
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
    [
      { flags: ['--openflow-advertise', 'ssl:10.0.0.1:6653'] },
      /^openflow\.advertise holds "ssl:10\.0\.0\.1:6653", and openflow\.tls is not given; allowed: tcp:ADDRESS:PORT$/,
    ],
    [
      { yaml: 'openflow: { advertise: "tcp:10.0.0.1:6653", tls: { cert: c, key: k, ca: a } }' },
      /^openflow\.advertise holds "tcp:.*openflow\.tls is given; allowed: ssl:ADDRESS:PORT$/,
    ],
    [
      { yaml: 'http: { tls: { cert: c } }' },
      /^http\.tls\.key holds nothing, .*allowed: cert and key, with or without ca$/,
    ],
    [{ yaml: 'ovsdb: { tls: { cert: c, key: k } }' }, /^ovsdb\.tls\.ca holds nothing, .*allowed: cert, key and ca$/],
    [{ flags: ['--openflow-tls-ca', 'c'] }, /^openflow\.tls\.cert holds nothing/],
    [{ yaml: 'http: { tls: { cert: 5, key: k } }' }, /^http\.tls\.cert holds 5 .*allowed: the path of a file$/],
    [{ yaml: 'ovsdb: { tls: { name: hv } }' }, /^ovsdb\.tls\.name holds "hv" .*allowed: \{system-id\} once/],
    [{ yaml: 'ovsdb: { tls: { name: "*.{system-id}" } }' }, /^ovsdb\.tls\.name holds/],
    [{ yaml: 'ovsdb: { tls: { name: "{system-id}{system-id}" } }' }, /^ovsdb\.tls\.name holds/],
    [
      { yaml: 'auth: { oidc: { issuer: "https://i" } }' },
      /^auth\.oidc\.audience holds nothing; allowed: issuer, audience/,
    ],
    [
      { yaml: 'auth: { oidc: { issuer: i, audience: a, jwks_url: "http://login.example/keys" } }' },
      /^auth\.oidc\.jwks_url holds "http:.*allowed: an https URL, or an http one on this machine/,
    ],
    [
      { yaml: 'auth: { oidc: { issuer: i, audience: a, jwks_url: "https://u:secret@login.example/keys" } }' },
      /^auth\.oidc\.jwks_url holds a URL with a user/,
    ],
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
    [{ yaml: 'http: 80' }, /^http holds 80 \(.*line 1\); allowed: a mapping with listen, hosts, .*seconds, tls$/],
    [{ yaml: '- http' }, /^the configuration holds \["http"\] .*allowed: a mapping with http, openflow/],
    [
      { yaml: 'log: { level: info }\nhtpp: { listen: x }' },
      /^htpp \(.*plugboard\.yaml, line 2\) is no key of the configuration: did you mean http\?$/,
    ],
    [
      { yaml: 'http:\n  listne: x' },
      /^http\.listne \(.*line 2\) is no key of the configuration: did you mean listen\?$/,
    ],
    [
      { yaml: 'http:\n  toString: x' },
      /^http\.toString .* is no key of the configuration: it may be one of listen, hosts, .*seconds, tls$/,
    ],
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
      { yaml: token(`sha256: ${DIGEST.replace('9', '8')}, project: p1, role: admin, name: ""`) },
      /^auth\.tokens\[1\]\.name holds "" .*printable/,
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
