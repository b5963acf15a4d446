/** DHCP for IPv4: the answer to each message of a client (RFC 2131, 4.3). */
import fc from 'fast-check'
import t from 'tap'
import { BROADCAST_MAC, readUdp4 } from '../../../src/engines/dhcp/frames.ts'
import { type Message4, OPTION, octet, readMessage4, words, writeMessage4 } from '../../../src/engines/dhcp/message4.ts'
import { serve4 } from '../../../src/engines/dhcp/server4.ts'
import { ipv4, mac } from '../../../src/openflow/index.ts'
import { DISCOVER_DHCLIENT, DISCOVER_UDHCPC, REBOOT_DHCLIENT } from './captured.ts'
import { asked, CLIENT, heard, LEASE, SERVER, type Wish } from './client4.ts'

const address = (code: number, text: string) => [code, words(ipv4(text))] as const
const chosen = address(OPTION.server, '10.9.0.1')
const wanted = (text: string) => address(OPTION.requestedAddress, text)

t.test('udhcpc gets an offer with its address, and the requested options in its order', async (t) => {
  const offer = heard(serve4(DISCOVER_UDHCPC, LEASE).frame)
  t.equal(offer?.your, '10.9.0.5')
  t.equal(offer?.to, '10.9.0.5', 'it can receive unicast to an address that it does not have yet')
  t.equal(offer?.datagram.to.mac, CLIENT)
  t.same(offer?.datagram.from, { ...SERVER, port: 67 })
  t.equal(offer?.message.xid, 0x6067ac32)
  t.strictSame(
    [...(offer?.options ?? [])],
    [
      [53, '02'],
      [54, '0a090001'],
      [61, '01020000000005'],
      [51, '00015180'],
      [58, '0000a8c0'],
      [59, '00012750'],
      [1, 'ffffff00'],
      [3, '0a090001'],
      [6, 'c0000235'],
      [28, '0a0900ff'],
      [26, '05aa'],
    ],
  )
  t.ok((offer?.datagram.payload.length ?? 0) >= 300)
})

t.test(
  'routes: the default route is included, because a client that uses them ignores the router option',
  async (t) => {
    const routes = [
      { destination: ipv4('10.8.0.0'), prefixLength: 15, nextHop: ipv4('10.9.0.254') },
      { destination: ipv4('192.0.2.128'), prefixLength: 25, nextHop: ipv4('10.9.0.253') },
    ]
    const offer = heard(serve4(DISCOVER_DHCLIENT, { ...LEASE, routes }).frame)
    t.equal(offer?.options.get(121), '0f0a080a0900fe19c00002800a0900fd000a090001')
    const codes = [...(offer?.options.keys() ?? [])]
    t.strictSame(codes.slice(codes.indexOf(1)), [1, 28, 3, 6, 26, 121], 'the mask, then the requested options in order')
    const alone = heard(
      serve4(DISCOVER_DHCLIENT, { ...LEASE, gateway: null, server: { ...SERVER, address: ipv4('169.254.0.67') } })
        .frame,
    )
    t.equal(alone?.options.get(121), '20a9fe004300000000', 'the server is on the link')
    t.notOk(alone?.options.has(3))
  },
)

t.test('REQUEST: selecting, after a reboot, renewing and rebinding', async (t) => {
  const request = (options: Wish['options'], more: Omit<Wish, 'type'> = {}) =>
    heard(serve4(asked({ type: 'request', options: options ?? [], ...more }), LEASE).frame)
  const kind = (reply: ReturnType<typeof heard>) => reply && [reply.options.get(53), reply.your, reply.to]
  const ack = ['05', '10.9.0.5', '10.9.0.5']
  const nak = ['06', '0.0.0.0', '255.255.255.255']
  t.strictSame(kind(request([chosen, wanted('10.9.0.5')])), ack)
  t.strictSame(kind(request([chosen, wanted('10.9.0.6')])), nak)
  t.equal(request([address(OPTION.server, '10.9.0.2'), wanted('10.9.0.5')]), undefined, "another server's offer")
  t.equal(request([chosen]), undefined, 'no address')
  t.strictSame(kind(request([wanted('10.9.0.5')])), ack, 'after a reboot')
  t.strictSame(kind(heard(serve4(REBOOT_DHCLIENT, LEASE).frame)), nak, 'dhclient after a reboot, with another address')
  const has = (text: string) => ({ message: { ciaddr: ipv4(text) }, from: text })
  t.strictSame(kind(request([], has('10.9.0.5'))), ack, 'renewing')
  t.equal(request([], has('10.9.0.5'))?.message.ciaddr, ipv4('10.9.0.5'))
  t.strictSame(kind(request([], has('10.9.0.6'))), nak)
  t.equal(request([]), undefined, 'nothing at all')
  const refusal = request([chosen, wanted('10.9.0.6'), [OPTION.client, octet(9)]])
  t.strictSame(
    [...(refusal?.options ?? [])],
    [
      [53, '06'],
      [54, '0a090001'],
      [61, '09'],
    ],
  )
})

t.test('a client that hears only broadcasts is sent them', async (t) => {
  const offer = heard(serve4(asked({ type: 'discover', message: { broadcast: true } }), LEASE).frame)
  t.strictSame([offer?.to, offer?.datagram.to.mac, offer?.message.broadcast], ['255.255.255.255', BROADCAST_MAC, true])
})

t.test('INFORM is answered with everything except an address', async (t) => {
  const ack = heard(
    serve4(asked({ type: 'inform', message: { ciaddr: ipv4('10.9.0.5') }, from: '10.9.0.5' }), LEASE).frame,
  )
  t.strictSame([ack?.your, ack?.to, ack?.options.get(53)], ['0.0.0.0', '10.9.0.5', '05'])
  t.strictSame([...(ack?.options.keys() ?? [])], [53, 54, 1, 3, 6, 26])
})

t.test('DECLINE and RELEASE are logged and not answered', async (t) => {
  for (const type of ['decline', 'release'] as const) {
    const { frame, note } = serve4(asked({ type }), LEASE)
    t.equal(frame, undefined)
    t.match(note, /DHCP client/)
  }
})

t.test('messages for another recipient are ignored', async (t) => {
  const ignored: Readonly<Record<string, Uint8Array>> = {
    "another's client": asked({ type: 'discover', message: { chaddr: mac('02:00:00:00:00:06') } }),
    'through a relay': asked({ type: 'discover', message: { giaddr: ipv4('10.9.0.9') } }),
    'a reply': asked({ type: 'offer', message: { op: 'reply' } }),
    "a server's type": asked({ type: 'offer' }),
    'no type': asked({ type: 'discover', message: { options: new Map() } }),
    nothing: new Uint8Array(),
  }
  for (const [what, frame] of Object.entries(ignored)) t.same(serve4(frame, LEASE), {}, what)
  for (let length = 0; length < DISCOVER_UDHCPC.length; length++) {
    // After the end option there may be any octets or none, but IP and UDP contain the length of the message.
    t.notOk(serve4(DISCOVER_UDHCPC.subarray(0, length), LEASE).frame, `the first ${length} octets`)
  }
})

t.test('options in parts, in other places, and more of them than fit', async (t) => {
  const long = Uint8Array.from({ length: 300 }, (_, n) => n % 251)
  const message = readMessage4(
    writeMessage4({ ...(heard(DISCOVER_UDHCPC)?.message as Message4), options: new Map([[61, long]]) }),
  )
  t.same(message?.options.get(61), long, 'a split option is joined')
  const overloaded = Uint8Array.from(readUdp4(DISCOVER_UDHCPC)?.payload ?? [])
  overloaded.set([52, 1, 3, 255], 240)
  overloaded.set([53, 1, 1, 255], 108)
  overloaded.set([12, 2, 118, 109, 255], 44)
  t.strictSame([...(readMessage4(overloaded)?.options.keys() ?? [])], [52, 53, 12])
  overloaded.set([53, 200], 108)
  t.equal(readMessage4(overloaded), undefined, 'an option that is truncated')
  const many = {
    ...LEASE,
    routes: Array.from({ length: 60 }, () => ({ destination: 0, prefixLength: 32, nextHop: 1 })),
  }
  const usual = heard(serve4(asked({ type: 'discover' }), many).frame)
  t.ok((usual?.datagram.payload.length ?? 0) <= 548, 'the size that every client accepts')
  t.notOk(usual?.options.has(121))
  t.equal(usual?.options.get(3), '0a090001', 'a later option that fits is included')
  const large = asked({ type: 'discover', options: [[OPTION.maxSize, Uint8Array.of(4, 0)]] })
  t.ok(heard(serve4(large, many).frame)?.options.has(121), 'a client that accepts more gets more')
})

t.test('any frame: only this client gets answers, and nothing throws', async (t) => {
  let answered = 0
  const vectors = [DISCOVER_UDHCPC, DISCOVER_DHCLIENT, REBOOT_DHCLIENT]
  const change = fc.record({ at: fc.nat(400), to: fc.integer({ min: 0, max: 255 }) })
  fc.assert(
    fc.property(fc.nat(2), fc.array(change, { maxLength: 6 }), fc.nat(20), (which, changes, cut) => {
      const frame = Uint8Array.from(vectors[which] ?? [])
      for (const { at, to } of changes) frame[at] = to
      const reply = heard(serve4(frame.subarray(0, frame.length - (cut > 10 ? cut : 0)), LEASE).frame)
      if (!reply) return true
      answered += 1
      return reply.message.chaddr === CLIENT && (reply.message.yiaddr === LEASE.address || reply.message.yiaddr === 0)
    }),
    { numRuns: 3_000 },
  )
  t.ok(answered > 100, `${answered} were answered`)
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 400 }), (octets) => serve4(octets, LEASE).frame === undefined),
    { numRuns: 1_000 },
  )
})

t.test('law: a message is read as it was written', async (t) => {
  const word = fc.integer({ min: 0, max: 0xffffffff })
  const option = fc.tuple(
    fc.integer({ min: 1, max: 254 }).filter((code) => code !== OPTION.overload),
    fc.uint8Array({ maxLength: 600 }),
  )
  const message: fc.Arbitrary<Message4> = fc.record({
    op: fc.constantFrom('request', 'reply'),
    xid: word,
    broadcast: fc.boolean(),
    ciaddr: word,
    yiaddr: word,
    giaddr: word,
    chaddr: fc.integer({ min: 0, max: 0xffffffffffff }),
    options: fc.array(option, { maxLength: 8 }).map((all) => new Map(all)),
  })
  fc.assert(
    fc.property(message, (one) => {
      const back = readMessage4(writeMessage4(one))
      const flat = (each: Message4 | undefined) =>
        each && JSON.stringify({ ...each, options: [...each.options].map(([code, value]) => [code, [...value]]) })
      return flat(back) === flat(one)
    }),
  )
  t.pass()
})
