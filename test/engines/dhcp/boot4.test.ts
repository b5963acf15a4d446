/** DHCP options for boot loaders: in the header of a message and as options, by the architecture of the client. */
import t from 'tap'
import { OPTION, words } from '../../../src/engines/dhcp/message4.ts'
import { type Lease4, serve4 } from '../../../src/engines/dhcp/server4.ts'
import { ipv4, printIpv4 } from '../../../src/openflow/index.ts'
import { asked, heard, LEASE } from './client4.ts'

t.test('boot options: in the header and as options, by architecture; 249 for a client that asks for it', async (t) => {
  const text = (value: string) => Uint8Array.from(Buffer.from(value))
  const boot = (code: number | null, octets: Uint8Array, architecture: number | null = null) => ({
    code,
    octets,
    architecture,
  })
  const lease = {
    ...LEASE,
    boot: [
      boot(67, text('ipxe.efi'), 7),
      boot(67, text('pxelinux.0')),
      boot(66, text('10.9.0.2')),
      boot(150, words(ipv4('10.9.0.3'), ipv4('10.9.0.4'))),
    ],
  }
  const booting = (options: ReadonlyArray<readonly [number, Uint8Array]>, of: Lease4 = lease) => {
    const found = heard(serve4(asked({ type: 'discover', options }), of).frame)
    const payload = found?.datagram.payload ?? new Uint8Array()
    const name = (from: number, to: number) => Buffer.from(payload.subarray(from, to)).toString().replace(/\0.*/s, '')
    const next = printIpv4(new DataView(payload.buffer, payload.byteOffset + 20).getUint32(0))
    return { next, sname: name(44, 108), file: name(108, 236), options: found?.options }
  }
  const hex = (value: string) => Buffer.from(value).toString('hex')
  const plain = booting([])
  t.match(plain, { next: '10.9.0.3', sname: '10.9.0.2', file: 'pxelinux.0' })
  t.same(
    [66, 67, 150].map((code) => plain.options?.get(code)),
    [hex('10.9.0.2'), hex('pxelinux.0'), '0a0900030a090004'],
  )
  t.match(booting([[OPTION.architecture, Uint8Array.of(0, 7)]]), { file: 'ipxe.efi' })
  t.match(booting([[OPTION.architecture, Uint8Array.of(0, 7, 0, 0)]]), { file: 'ipxe.efi' }, 'the first of several')
  for (const odd of [[], [7], [0, 9]])
    t.match(booting([[OPTION.architecture, Uint8Array.from(odd)]]), { file: 'pxelinux.0' }, `architecture ${odd}`)
  t.equal(booting([], { ...lease, boot: [...lease.boot, boot(null, words(ipv4('10.9.0.9')))] }).next, '10.9.0.9')
  t.equal(booting([], { ...lease, boot: [boot(66, text('10.9.0.2'))] }).next, '10.9.0.2')
  t.match(booting([], { ...lease, boot: [boot(66, text('tftp.example'))] }), { next: '0.0.0.0', sname: 'tftp.example' })
  const long = booting([], { ...lease, boot: [boot(67, text('x'.repeat(200)))] })
  t.same([long.file, long.options?.get(67)?.length], ['', 400], 'too long for the header')
  const none = booting([], LEASE)
  t.match(none, { next: '0.0.0.0', sname: '', file: '' })
  const routed = { ...LEASE, routes: [{ destination: ipv4('10.8.0.0'), prefixLength: 16, nextHop: ipv4('10.9.0.7') }] }
  t.notOk(booting([], routed).options?.has(249))
  const windows = booting([[OPTION.parameters, Uint8Array.of(1, 249)]], routed).options
  t.ok(windows?.get(249))
  t.equal(windows?.get(249), windows?.get(121))
})
