/** What a refused frame shows. */
import t from 'tap'
import type { Guard, PacketField } from '../../flows/engines/engine-rules.ts'
import { ipv4, ipv6, mac } from '../../src/openflow/index.ts'
import { wordsFor } from '../../src/packet-in/refusal-words.ts'

const [OWN, OTHER, VIRTUAL] = ['02:00:00:00:00:01', '02:aa:00:00:00:09', '00:00:5e:00:01:07']
const from = (address: string): PacketField => ({ field: 'eth_src', value: mac(address) })
const pass = (...match: PacketField[]): Guard => ({ may: 'pass', rank: 1, match, what: 'as it may' })
const never = (what: string, ...match: PacketField[]): Guard => ({ may: 'never', rank: 2, match, what })
const [IPV4, ARP, IPV6] = [0x0800, 0x0806, 0x86dd].map((value): PacketField => ({ field: 'eth_type', value })) as [
  PacketField,
  PacketField,
  PacketField,
]
const proto = (value: number): PacketField => ({ field: 'ip_proto', value })

const PLAIN = [pass(from(OWN))]
const ADDRESSED: readonly Guard[] = [
  pass(from(OWN), IPV4, { field: 'ipv4_src', value: ipv4('10.0.0.5') }),
  pass(from(OWN), IPV4, { field: 'ipv4_src', value: ipv4('10.8.0.0'), mask: 0xffff0000 }),
  pass(from(OWN), ARP, { field: 'arp_spa', value: ipv4('10.0.0.5') }, { field: 'arp_sha', value: mac(OWN) }),
  pass(from(OWN), ARP, { field: 'arp_spa', value: 0 }, { field: 'arp_sha', value: mac(OWN) }),
  pass(from(OWN), IPV6, { field: 'ipv6_src', value: ipv6('fd00::5') }),
  pass(from(OWN), IPV6, { field: 'ipv6_src', value: 0n }, proto(58), { field: 'icmpv6_type', value: 143 }),
  pass(from(VIRTUAL), IPV4, { field: 'ipv4_src', value: ipv4('10.0.0.1') }),
  never('as a DHCP server', IPV4, proto(17), { field: 'udp_src', value: 67 }),
  never('as a DHCPv6 server', IPV6, proto(17), { field: 'udp_src', value: 547 }),
  never('as a router', IPV6, proto(58), { field: 'icmpv6_type', value: 134 }),
  never('that it has an address of others', IPV6, proto(58), { field: 'icmpv6_type', value: 136 }),
]

const hex = (value: number | bigint, octets: number) => value.toString(16).padStart(octets * 2, '0')
/** A frame in hexadecimal; `rest` is what follows the two addresses. */
const words = (source: string, rest: string, guards = ADDRESSED) =>
  wordsFor(Buffer.from(`ffffffffffff${hex(mac(source), 6)}${rest}`, 'hex'), guards)
const overIpv4 = (source: string, { protocol = 1, fragment = 0, payload = '' } = {}) =>
  `080045000000${'0000'}${hex(fragment, 2)}40${hex(protocol, 1)}0000${hex(ipv4(source), 4)}0a0000ff${payload}`
const overIpv6 = (source: string, next: number, payload = '') =>
  `86dd600000000000${hex(next, 1)}40${hex(ipv6(source), 16)}${hex(ipv6('ff02::1'), 16)}${payload}`
const arp = (hardware: string, source: string) =>
  `08060001080006040001${hex(mac(hardware), 6)}${hex(ipv4(source), 4)}${'00'.repeat(6)}0a0000ff`

t.test('B78: a wrong MAC address', async (t) => {
  t.equal(words(OTHER, '0806', PLAIN), `sends as ${OTHER}, expected ${OWN}`)
  t.equal(words(OTHER, overIpv4('10.0.0.5')), `sends as ${OTHER}, expected ${OWN} or ${VIRTUAL}`)
  t.equal(words('03:00:00:00:00:01', '88cc', PLAIN), `sends as 03:00:00:00:00:01, expected ${OWN}`)
})

t.test('B78: a wrong IP address', async (t) => {
  t.equal(words(OWN, overIpv4('10.0.0.9')), 'sends as 10.0.0.9, expected 10.0.0.5 or 10.8.0.0/16')
  t.equal(words(OWN, overIpv4('10.0.0.1')), 'sends as 10.0.0.1, expected 10.0.0.5 or 10.8.0.0/16', 'with another MAC')
  t.equal(words(VIRTUAL, overIpv4('10.0.0.5')), 'sends as 10.0.0.5, expected 10.0.0.1')
  t.equal(words(OWN, overIpv4('0.0.0.0')), 'sends as 0.0.0.0, expected 10.0.0.5 or 10.8.0.0/16')
  t.equal(words(OWN, overIpv6('fd00::9', 58, '80')), 'sends as fd00::9, expected fd00::5')
  t.equal(words(VIRTUAL, overIpv6('fd00::9', 58, '80')), 'sends as fd00::9, expected no IPv6')
  t.equal(words(OWN, arp(OWN, '10.0.0.9')), 'sends ARP as 10.0.0.9, expected 10.0.0.5')
  t.equal(words(OWN, arp(OTHER, '10.0.0.5')), `sends ARP from ${OTHER}, expected ${OWN}`)
  const many = ['10.0.0.1', '10.0.0.2', '10.0.0.3', '10.0.0.4', '10.0.0.5'].map((address) =>
    pass(from(OWN), IPV4, { field: 'ipv4_src', value: ipv4(address) }),
  )
  t.equal(
    words(OWN, overIpv4('10.0.0.9'), many),
    'sends as 10.0.0.9, expected 10.0.0.1 or 10.0.0.2 or 10.0.0.3 or 2 more',
  )
})

t.test('B78: a server or a router', async (t) => {
  const dhcp = hex(67, 2)
  t.equal(words(OWN, overIpv4('10.0.0.5', { protocol: 17, payload: dhcp })), 'sends as a DHCP server')
  t.equal(words(OWN, overIpv6('fd00::5', 17, hex(547, 2))), 'sends as a DHCPv6 server')
  t.equal(words(OWN, overIpv6('fe80::1', 58, '86')), 'sends as a router')
  const advertisement = `88${'00'.repeat(7)}${hex(ipv6('fd00::1'), 16)}`
  t.equal(words(OWN, overIpv6('fd00::5', 58, advertisement)), 'sends that it has an address of others: fd00::1')
  const later = overIpv4('10.0.0.9', { protocol: 17, fragment: 100, payload: dhcp })
  t.match(words(OWN, later), 'sends as 10.0.0.9', 'a later fragment has no ports')
})

t.test('B78: other frames', async (t) => {
  t.equal(words(OWN, '81000007080045'), 'sends with VLAN tag 7, which its port does not take')
  t.equal(words(OWN, '88a8e065'), 'sends with VLAN tag 101, which its port does not take', 'priority 7')
  t.equal(words(OWN, '8100'), 'sends with VLAN tag 0, which its port does not take', 'cut off')
  t.equal(words(OWN, '88cc'), 'sends EtherType 0x88cc, which its port does not allow')
  t.equal(words(OWN, '0800'), 'sends EtherType 0x0800, which its port does not allow', 'cut off')
  t.equal(wordsFor(new Uint8Array(3), ADDRESSED), 'sends a frame that is too short')
})

t.test('B78: any octets have words of bounded length, in printable characters', async (t) => {
  let seed = 1
  const octet = () => {
    seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31
    return seed >> 16
  }
  for (const type of ['0800', '0806', '86dd', '8100', '']) {
    for (let length = 0; length < 90; length++) {
      const tail = Array.from({ length }, () => hex(octet() & 0xff, 1)).join('')
      const said = words(length % 2 ? OWN : OTHER, type + tail)
      t.match(said, /^[ -~]{10,200}$/)
    }
  }
})
