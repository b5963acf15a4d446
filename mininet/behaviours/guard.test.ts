/** Port security: a VM with known addresses may send only from these. It may be a client, but never a server or a router. */
import { differences, type Send } from '../experiment.ts'
import { broadcast, frame, numbered } from '../frames.ts'
import { onStage } from '../onstage.ts'

const octets = (text: string): Buffer => Buffer.from(text.split('.').map(Number))
const macOf = (text: string): Buffer => Buffer.from(text.replaceAll(':', ''), 'hex')
/** Writes fd09::n, fe80::n, ff02::n or ::. */
const ipv6Of = (text: string): Buffer => {
  const [head = '', tail = ''] = text.split('::')
  return Buffer.from(head.padEnd(4, '0') + tail.padStart(28, '0'), 'hex')
}

const arp = (sha: string, spa: string, tpa = '192.0.2.9') =>
  Buffer.concat([Buffer.from('0001080006040001', 'hex'), macOf(sha), octets(spa), Buffer.alloc(6), octets(tpa)])

const ipv4 = (from: string, protocol: number, payload: Buffer, to = '255.255.255.255') => {
  const head = Buffer.from([0x45, 0, 0, 20 + payload.length, 0, 0, 0, 0, 64, protocol, 0, 0])
  return Buffer.concat([head, octets(from), octets(to), payload])
}
const ipv6 = (from: string, protocol: number, payload: Buffer, to = 'ff02::1') =>
  Buffer.concat([Buffer.from([0x60, 0, 0, 0, 0, payload.length, protocol, 255]), ipv6Of(from), ipv6Of(to), payload])
const udp = (from: number, to: number, number: number) => {
  const head = Buffer.alloc(8)
  head.writeUInt16BE(from, 0)
  head.writeUInt16BE(to, 2)
  head.writeUInt16BE(20, 4)
  return Buffer.concat([head, numbered(number)])
}
/** A neighbour discovery message of this type. The number of the test frame is in a nonce option. */
const discovery = (type: number, number: number, target = '::') => {
  const body = type === 134 ? Buffer.alloc(12) : Buffer.concat([Buffer.alloc(4), ipv6Of(target)])
  const redirected = type === 137 ? ipv6Of('fd09::9') : Buffer.alloc(0)
  const head = Buffer.from([type, 0, 0, 0])
  return Buffer.concat([head, body, redirected, Buffer.from([14, 2]), numbered(number), Buffer.alloc(2)])
}

await onStage('guard', { hypervisors: 2 }, async (t, scene) => {
  const { lab } = scene
  const network = await scene.network('vxlan')
  const vm = await scene.station({ hypervisor: lab.hypervisor(1), network, addresses: ['10.9.0.1/16'] })
  const peer = await scene.station({ hypervisor: lab.hypervisor(2), network, addresses: ['10.9.0.2/16'] })
  const path = `/v1/projects/${vm.vnic.project}/ports/${vm.port?.id}`
  const own = vm.vnic.mac_address
  const virtual = '00:00:5e:00:01:07'

  const virtual6 = '00:00:5e:00:02:07'
  /** The link-local address that the VM makes of its MAC address (RFC 4291, appendix A). */
  const [high, ...low] = macOf(own)
  const ownLinkLocal = `fe80::${Buffer.from([(high ?? 0) ^ 2, ...low.slice(0, 2), 0xff, 0xfe, ...low.slice(2)]).toString('hex')}`
  const vrrp4 = (number: number, from: string, to = '224.0.0.18') => ipv4(from, 112, numbered(number), to)
  const vrrp6 = (number: number, from: string, to = 'ff02::12') => ipv6(from, 112, numbered(number), to)

  type Payload = readonly [etherType: number, payload: (number: number) => Buffer, source?: string]
  const kinds: Readonly<Record<string, Payload>> = {
    'ARP as itself': [0x0806, () => arp(own, '10.9.0.1')],
    'ARP whether an address is free': [0x0806, () => arp(own, '0.0.0.0')],
    'ARP as another': [0x0806, () => arp(own, '10.9.0.9')],
    'ARP with the hardware address of another': [0x0806, () => arp(peer.vnic.mac_address, '10.9.0.1')],
    'IPv4 as itself': [0x0800, (n) => ipv4('10.9.0.1', 17, udp(9, 9, n))],
    'IPv4 as another': [0x0800, (n) => ipv4('10.9.0.9', 17, udp(9, 9, n))],
    'DHCP as a client': [0x0800, (n) => ipv4('0.0.0.0', 17, udp(68, 67, n))],
    'DHCP as a server': [0x0800, (n) => ipv4('10.9.0.1', 17, udp(67, 68, n))],
    'IPv6 as itself': [0x86dd, (n) => ipv6('fd09::1', 17, udp(9, 9, n))],
    'IPv6 as another': [0x86dd, (n) => ipv6('fd09::9', 17, udp(9, 9, n))],
    'DHCPv6 as a server': [0x86dd, (n) => ipv6('fd09::1', 17, udp(547, 546, n))],
    'a solicitation': [0x86dd, (n) => ipv6('fd09::1', 58, discovery(135, n, 'fd09::2'))],
    'a solicitation whether its address is free': [0x86dd, (n) => ipv6('::', 58, discovery(135, n, 'fd09::1'))],
    'a solicitation whether another address is free': [0x86dd, (n) => ipv6('::', 58, discovery(135, n, 'fd09::9'))],
    'an advertisement of itself': [0x86dd, (n) => ipv6('fd09::1', 58, discovery(136, n, 'fd09::1'))],
    'an advertisement of another': [0x86dd, (n) => ipv6('fd09::1', 58, discovery(136, n, 'fd09::9'))],
    'a router advertisement': [0x86dd, (n) => ipv6('fd09::1', 58, discovery(134, n))],
    'a redirect': [0x86dd, (n) => ipv6('fd09::1', 58, discovery(137, n, 'fd09::9'))],
    'another protocol': [0x88b5, () => Buffer.alloc(20)],
    'IPv4 as a virtual router': [0x0800, (n) => ipv4('10.9.0.100', 17, udp(9, 9, n)), virtual],
    'ARP as a virtual router': [0x0806, () => arp(virtual, '10.9.0.100'), virtual],
    'IPv4 of a further prefix': [0x0800, (n) => ipv4('10.8.7.6', 17, udp(9, 9, n))],
    'advertisement of a virtual router': [0x0800, (n) => vrrp4(n, '10.9.0.1'), virtual],
    'advertisement of a virtual router, IPv6': [0x86dd, (n) => vrrp6(n, ownLinkLocal), virtual6],
    'advertisement from its address, IPv6': [0x86dd, (n) => vrrp6(n, 'fd09::1'), virtual6],
    'advertisement of another guest': [0x0800, (n) => vrrp4(n, '10.9.0.2'), virtual],
    'advertisement of another guest, IPv6': [0x86dd, (n) => vrrp6(n, 'fe80::2'), virtual6],
    'advertisement to another group': [0x0800, (n) => vrrp4(n, '10.9.0.1', '224.0.0.5'), virtual],
    'advertisement to a host': [0x0800, (n) => vrrp4(n, '10.9.0.1', '10.9.0.2'), virtual],
    'advertisement to another group, IPv6': [0x86dd, (n) => vrrp6(n, ownLinkLocal, 'ff02::1'), virtual6],
    'advertisement from the MAC address of another router': [0x0800, (n) => vrrp4(n, '10.9.0.1'), '00:00:5e:00:01:08'],
    'advertisement of the other family': [0x0800, (n) => vrrp4(n, '10.9.0.1'), virtual6],
    'its own address from the MAC address of the virtual router': [
      0x0800,
      (n) => ipv4('10.9.0.1', 17, udp(9, 9, n), '224.0.0.18'),
      virtual,
    ],
    'ARP of its own address with the MAC address of the virtual router': [
      0x0806,
      () => arp(virtual, '10.9.0.1'),
      virtual,
    ],
    'an advertisement of itself with the MAC address of the virtual router': [
      0x86dd,
      (n) => ipv6('fd09::1', 58, discovery(136, n, 'fd09::1')),
      virtual6,
    ],
    'IPv6 as a virtual router': [0x86dd, (n) => ipv6('fd09::100', 17, udp(9, 9, n)), virtual6],
    'another MAC address': [0x88b5, () => Buffer.alloc(20), '02:00:00:00:00:99'],
  }
  const pass = async (allowed: readonly string[]): Promise<string[]> => {
    await lab.settle()
    const sends = Object.entries(kinds).map(([what, [etherType, payload, source = own]], index): Send => {
      const number = index + 1
      const bytes = frame(number, { source, destination: broadcast, etherType, payload: payload(number) })
      return { from: vm.vm.name, what, number, bytes, to: allowed.includes(what) ? [peer.vm.name] : [] }
    })
    return differences(sends, await lab.experiment(sends), [peer.vm.name])
  }

  const ofOwnMac = Object.keys(kinds).filter((what) => kinds[what]?.[2] === undefined)
  const ofOwnAddresses = [
    'ARP as itself',
    'ARP whether an address is free',
    'IPv4 as itself',
    'DHCP as a client',
    'IPv6 as itself',
    'a solicitation',
    'a solicitation whether its address is free',
    'an advertisement of itself',
  ]

  await t.test('without known IP addresses a VM sends only from its own MAC address', async (t) => {
    t.same(await pass(ofOwnMac), [])
  })

  await t.test('with known IP addresses a VM sends only from these, and as a DHCP client', async (t) => {
    await scene.api.must('PATCH', path, { ip_addresses: ['10.9.0.1', 'fd09::1'] })
    t.same(await pass(ofOwnAddresses), [])
  })

  const pairs = [
    { mac_address: virtual, ip_prefix: '10.9.0.100' },
    { mac_address: virtual6, ip_prefix: 'fd09::100' },
    { ip_prefix: '10.8.0.0/16' },
  ]
  const asVirtualRouter = [
    'IPv4 as a virtual router',
    'IPv6 as a virtual router',
    'ARP as a virtual router',
    'advertisement of a virtual router',
    'advertisement of a virtual router, IPv6',
    'advertisement from its address, IPv6',
  ]

  await t.test('B88 allowed address pairs: a virtual router, and a further prefix, and nothing else', async (t) => {
    t.match(await scene.api.must('PATCH', path, { allowed_address_pairs: pairs }), { allowed_address_pairs: pairs })
    t.same(await pass([...ofOwnAddresses, ...asVirtualRouter, 'IPv4 of a further prefix']), [])
    const bytes = frame(1, { source: peer.vnic.mac_address, destination: virtual })
    const toRouter: Send = { from: peer.vm.name, what: 'to the virtual router', number: 1, bytes, to: [vm.vm.name] }
    t.same(differences([toRouter], await lab.experiment([toRouter]), [vm.vm.name]), [])
  })

  await t.test(
    'B88 a virtual router without known addresses advertises from any, and sends nothing else',
    async (t) => {
      await scene.api.must('PATCH', path, { ip_addresses: [] })
      const advertisements = ['advertisement of another guest', 'advertisement of another guest, IPv6']
      t.same(await pass([...ofOwnMac, ...asVirtualRouter, ...advertisements]), [])
      await scene.api.must('PATCH', path, { ip_addresses: ['10.9.0.1', 'fd09::1'] })
    },
  )

  await t.test('without port security a VM sends anything; when it is on again, as before', async (t) => {
    await scene.api.must('PATCH', path, { port_security: false, allowed_address_pairs: [] })
    t.same(await pass(Object.keys(kinds)), [])
    await scene.api.must('PATCH', path, { port_security: true })
    t.same(await pass(ofOwnAddresses), [])
    await scene.api.must('PATCH', path, { ip_addresses: [] })
    t.same(await pass(ofOwnMac), [])
  })
})
