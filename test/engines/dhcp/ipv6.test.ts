/** Router advertisements (RFC 4861) and stateless DHCPv6 (RFC 8415). */
import fc from 'fast-check'
import t from 'tap'
import { readIcmpv6, readUdp6, writeIcmpv6, writeUdp6 } from '../../../src/engines/dhcp/frames.ts'
import { advertise6, type Settings6 } from '../../../src/engines/dhcp/router6.ts'
import { serve6 } from '../../../src/engines/dhcp/server6.ts'
import { ipv6, mac, printIpv6 } from '../../../src/openflow/index.ts'
import { INFORMATION_DHCLIENT, SOLICITATION_LINUX } from './captured.ts'

const SETTINGS: Settings6 = {
  prefix: ipv6('fd09::'),
  dns: [ipv6('fd53::53')],
  mtu: 1450,
  stateless: true,
  server: { address: ipv6('fe80::50:4cff:fe55:4701'), mac: mac('02:50:4c:55:47:01') },
}
const hex = (octets: Uint8Array | undefined) => Buffer.from(octets ?? []).toString('hex')

t.test('a router solicitation is answered with the prefix, the MTU and DNS servers', async (t) => {
  const told = readIcmpv6(advertise6(SOLICITATION_LINUX, SETTINGS) ?? new Uint8Array())
  t.match(told, { hopLimit: 255, from: SETTINGS.server, to: { mac: mac('02:00:00:00:00:05') } })
  t.equal(printIpv6(told?.to.address ?? 0n), 'fe80::ff:fe00:5')
  const body = hex(told?.body)
  t.equal(body.slice(0, 4), '8600')
  t.equal(
    body.slice(8),
    [
      '40400000' + '00000000' + '00000000',
      `030440c0ffffffffffffffff00000000fd09${'0'.repeat(28)}`,
      '05010000' + '000005aa',
      `19030000fffffffffd53${'0'.repeat(24)}0053`,
    ].join(''),
  )
  const plain = readIcmpv6(
    advertise6(SOLICITATION_LINUX, { ...SETTINGS, stateless: false, dns: [] }) ?? new Uint8Array(),
  )
  t.equal(hex(plain?.body).slice(8, 16), '40000000')
  t.equal(plain?.body.length, 16 + 32 + 8)
})

t.test('a host without an address gets the answer at the all-nodes address', async (t) => {
  const asked = writeIcmpv6({
    from: { mac: 5, address: 0n },
    to: { mac: mac('33:33:00:00:00:02'), address: ipv6('ff02::2') },
    hopLimit: 255,
    body: Uint8Array.of(133, 0, 0, 0, 0, 0, 0, 0),
  })
  const told = readIcmpv6(advertise6(asked, SETTINGS) ?? new Uint8Array())
  t.same(told?.to, { mac: mac('33:33:00:00:00:01'), address: ipv6('ff02::1') })
})

t.test('a forwarded solicitation, one of another type, or another message gets no answer', async (t) => {
  for (const [at, to] of [
    [21, 64],
    [54, 134],
    [55, 1],
    [20, 17],
  ] as const) {
    const frame = Uint8Array.from(SOLICITATION_LINUX)
    frame[at] = to
    t.equal(advertise6(frame, SETTINGS), undefined, `octet ${at}`)
  }
  t.equal(advertise6(INFORMATION_DHCLIENT, SETTINGS), undefined)
})

t.test('dhclient requests DNS servers, and gets them', async (t) => {
  const told = readUdp6(serve6(INFORMATION_DHCLIENT, SETTINGS) ?? new Uint8Array())
  t.match(told?.from, { ...SETTINGS.server, port: 547 })
  t.match(told?.to, { mac: mac('02:00:00:00:00:05'), address: ipv6('fe80::ff:fe00:5'), port: 546 })
  t.equal(
    hex(told?.payload),
    [
      '07' + '7b23c6',
      '0001000a' + '00030001020000000005',
      '0002000a' + '0003000102504c554701',
      `00170010fd53${'0'.repeat(24)}0053`,
      '00200004' + '00015180',
    ].join(''),
  )
})

const asked = (...payload: number[]) =>
  writeUdp6({
    from: { mac: 5, address: ipv6('fe80::5'), port: 546 },
    to: { mac: mac('33:33:00:01:00:02'), address: ipv6('ff02::1:2'), port: 547 },
    payload: Uint8Array.from(payload),
  })

const [US, THEM] = [
  [0, 2, 0, 10, 0, 3, 0, 1, 0x02, 0x50, 0x4c, 0x55, 0x47, 0x01],
  [0, 2, 0, 1, 7],
]
const CLIENT = [0, 1, 0, 3, 9, 9, 9]
/** IA_NA, IA_TA and IA_PD with ids 1 to 3; the first has an address that the client would like. */
const WANTED = [0, 0, 0, 1, 0, 0, 1, 0, 0, 0, 2, 0, 0, 5, 0, 24, ...Array<number>(24).fill(1)]
const ASSOCIATIONS = [
  ...[0, 3, 0, WANTED.length, ...WANTED],
  ...[0, 4, 0, 4, 0, 0, 0, 2],
  ...[0, 25, 0, 12, 0, 0, 0, 3, ...Array<number>(8).fill(7)],
]

/** The type of an answer, and each of its options: code, and octets in hexadecimal. */
function answer(frame: Uint8Array | undefined) {
  const { payload = new Uint8Array() } = readUdp6(frame ?? new Uint8Array()) ?? {}
  const options: string[] = []
  for (let at = 4; at < payload.length; ) {
    const [code = 0, high = 0, low = 0] = payload.subarray(at + 1, at + 4)
    const length = high * 256 + low
    options.push(`${code}: ${hex(payload.subarray(at + 4, at + 4 + length))}`)
    at += 4 + length
  }
  return [payload[0], ...options]
}
/** A status in an association: its code; the words are not compared. */
const status = (code: number) => `000d....000${code}[0-9a-f]+$`

t.test(
  'RFC 8415, 18.3.9: a client that solicits is told that there are no addresses, and the other settings',
  async (t) => {
    const ask = [0, 6, 0, 4, 0, 23, 0, 82]
    const [type, client, server, addresses, temporary, prefixes, ...rest] = answer(
      serve6(asked(1, 1, 2, 3, ...CLIENT, ...ask, ...ASSOCIATIONS), SETTINGS),
    )
    t.equal(type, 2, 'ADVERTISE')
    t.same([client, server], ['1: 090909', '2: 0003000102504c554701'])
    t.match(addresses, new RegExp(`^3: 00000001${'0'.repeat(16)}${status(2)}`))
    t.match(temporary, new RegExp(`^4: 00000002${status(2)}`))
    t.match(prefixes, new RegExp(`^25: 00000003${'0'.repeat(16)}${status(6)}`))
    t.same(rest, [`23: fd53${'0'.repeat(24)}0053`, '82: 00015180'])
    t.same(answer(serve6(asked(1, 1, 2, 3, ...CLIENT), SETTINGS)), [
      2,
      '1: 090909',
      '2: 0003000102504c554701',
      `23: fd53${'0'.repeat(24)}0053`,
    ])
    t.notOk(serve6(asked(1, 1, 2, 3, ...ASSOCIATIONS), SETTINGS), 'without an identifier of the client (16.2)')
    t.notOk(serve6(asked(1, 1, 2, 3, ...CLIENT, ...US), SETTINGS), 'with one of a server (16.2)')
  },
)

t.test('a client that requests or renews addresses has none, and no lease', async (t) => {
  for (const [type, code] of [
    [3, 2],
    [5, 3],
    [8, 3],
    [9, 3],
  ] as const) {
    const [reply, , , addresses] = answer(serve6(asked(type, 1, 2, 3, ...CLIENT, ...US, ...ASSOCIATIONS), SETTINGS))
    t.equal(reply, 7, `type ${type}`)
    t.match(addresses, new RegExp(`^3: 00000001${'0'.repeat(16)}${status(code)}`))
    t.notOk(serve6(asked(type, 1, 2, 3, ...CLIENT, ...THEM, ...ASSOCIATIONS), SETTINGS), 'for another server')
    t.notOk(serve6(asked(type, 1, 2, 3, ...CLIENT, ...ASSOCIATIONS), SETTINGS), 'for no server')
    t.notOk(serve6(asked(type, 1, 2, 3, ...US, ...ASSOCIATIONS), SETTINGS), 'from nobody')
  }
  const many = Array.from({ length: 200 }, () => [0, 3, 0, WANTED.length, ...WANTED]).flat()
  t.ok((serve6(asked(1, 1, 2, 3, ...CLIENT, ...many), SETTINGS)?.length ?? 0) < 1500, 'one answer stays one frame')
})

t.test('a request for another server, for addresses, of another type, or cut off: nothing', async (t) => {
  t.ok(serve6(asked(11, 1, 2, 3), SETTINGS), 'without any option')
  t.ok(serve6(asked(11, 1, 2, 3, ...US), SETTINGS), 'for this server')
  t.notOk(serve6(asked(11, 1, 2, 3, ...THEM), SETTINGS), 'for another one')
  for (const option of [3, 4, 25]) t.notOk(serve6(asked(11, 1, 2, 3, 0, option, 0, 0), SETTINGS), 'for addresses')
  for (const type of [0, 2, 4, 6, 7, 10, 12, 255]) t.notOk(serve6(asked(type, 1, 2, 3), SETTINGS), `type ${type}`)
  t.notOk(serve6(asked(11, 1), SETTINGS))
  t.notOk(serve6(asked(11, 1, 2, 3, 0, 1), SETTINGS))
  t.notOk(serve6(asked(11, 1, 2, 3, 0, 1, 0, 9), SETTINGS))
})

t.test('any frame: nothing throws', async (t) => {
  for (const vector of [SOLICITATION_LINUX, INFORMATION_DHCLIENT]) {
    const change = fc.record({ at: fc.nat(vector.length), to: fc.integer({ min: 0, max: 255 }) })
    fc.assert(
      fc.property(fc.array(change, { maxLength: 6 }), fc.nat(vector.length), (changes, cut) => {
        const frame = Uint8Array.from(vector)
        for (const { at, to } of changes) frame[at] = to
        for (const each of [frame, frame.subarray(0, cut)]) {
          advertise6(each, SETTINGS)
          serve6(each, SETTINGS)
        }
      }),
      { numRuns: 1_000 },
    )
  }
  t.pass()
})
