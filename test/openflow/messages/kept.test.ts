/** Encoding a decoded message returns the same octets in the same order. What could not be kept is refused. */
import { deepStrictEqual, throws } from 'node:assert/strict'
import t from 'tap'
import { decode, type ErrorValue, encode, type HelloElement, type Message } from '../../../src/openflow/index.ts'

/** A message of this type and body, in hexadecimal. */
function message(version: number, type: number, body: string): Uint8Array {
  const octets = Buffer.from(body.replaceAll(' ', ''), 'hex')
  return new Uint8Array([version, type, 0, 8 + octets.length, 0, 0, 0, 5, ...octets])
}

/** @returns the message without its version and xid */
function kept(octets: Uint8Array): object {
  const { version: _version, xid: _xid, ...body } = decode(octets)
  deepStrictEqual(Buffer.from(encode(decode(octets))).toString('hex'), Buffer.from(octets).toString('hex'))
  return body
}

const refused = (octets: Uint8Array, offset: number, error: ErrorValue): void =>
  throws(() => decode(octets), { code: 'malformed', offset, error })

const octets = (...of: number[]): Uint8Array => Uint8Array.of(...of)
const OTHER: HelloElement = { code: 7, body: octets(1, 2, 3, 4) }
const BITMAP: HelloElement = { code: 1, body: octets(0, 0, 0, 0x50) }

t.test('a hello keeps its elements in their order', async () => {
  const [other, bitmap] = ['0007 0008 01020304', '0001 0008 00000050']
  const versions = [4, 6]
  const of = (body: string): object => kept(message(6, 0, body))
  const hello = { type: 'hello' }
  deepStrictEqual(of(bitmap), { ...hello, versions })
  deepStrictEqual(of(bitmap + other), { ...hello, versions, elements: [OTHER] })
  deepStrictEqual(of(other), { ...hello, elements: [OTHER] })
  deepStrictEqual(of(other + bitmap), { ...hello, versions, elements: [OTHER, BITMAP] })
  deepStrictEqual(of(other + bitmap + other), { ...hello, versions, elements: [OTHER, BITMAP, OTHER] })
  const second = { code: 1, body: octets(0, 0, 0, 2) }
  deepStrictEqual(of(`${bitmap} 0001 0008 00000002`), { ...hello, versions, elements: [BITMAP, second] })
})

t.test('a hello keeps a bitmap that is longer than its versions, and octets that are not an element', async () => {
  const versions = [4, 6]
  const of = (body: string): object => kept(message(6, 0, body))
  const hello = { type: 'hello' }
  const long = { code: 1, body: octets(0, 0, 0, 0x50, 0, 0, 0, 0) }
  deepStrictEqual(of('0001 000c 00000050 00000000 00000000'), { ...hello, versions, elements: [long] })
  const odd = { code: 1, body: octets(0, 0, 0, 0x50, 9) }
  deepStrictEqual(of('0001 0009 00000050 09 00000000000000'), { ...hello, versions, elements: [odd] })
  // The hello contains no versions.
  deepStrictEqual(of('0001 0004 00000000'), { ...hello, elements: [{ code: 1, body: octets() }] })
  deepStrictEqual(of('0001 0008 00000050 0003'), { ...hello, versions, rest: octets(0, 3) })
  deepStrictEqual(of('ff'), { ...hello, rest: octets(0xff) })
  refused(message(6, 0, '0001 0003 00000000'), 8, { errorType: 1, code: 6 })
  refused(message(6, 0, '0001 0009 00000050'), 12, { errorType: 1, code: 6 })
})

t.test('versions and a bitmap that say different things are refused', async () => {
  const message: Message = { type: 'hello', versions: [4, 5], elements: [OTHER, BITMAP] }
  throws(() => encode(message), { code: 'out-of-range', message: /versions holds 4,5: elements holds 4,6/ })
  const same: Message = { type: 'hello', versions: [6, 4], elements: [OTHER, BITMAP] }
  deepStrictEqual(encode(same).length, 24)
})

t.test('statistics keep their order, including unknown ones', async () => {
  const [packets, bytes] = ['8002 08 08 0000000000000007', '8002 0a 08 0000000000000009']
  const [unknown, again] = ['ffff 02 01 aa', '8002 08 08 0000000000000001']
  const aggregate = (length: string, ...fields: string[]): Uint8Array =>
    message(6, 19, `0002 0000 00000000 0000 ${length} ${fields.join('')}`)
  const stats = (octets: Uint8Array): unknown => (kept(octets) as { stats: unknown }).stats
  const known = { packets: 7n, bytes: 9n }
  const other = { class: 0xffff, code: 2, body: octets(0xaa) }
  const twice = { class: 0x8002, code: 8, body: octets(0, 0, 0, 0, 0, 0, 0, 1) }
  deepStrictEqual(stats(aggregate('001c', packets, bytes, '00000000')), known)
  deepStrictEqual(stats(aggregate('001c', bytes, packets, '00000000')), known)
  deepStrictEqual(stats(aggregate('0021', packets, bytes, unknown, '00000000000000')), { ...known, others: [other] })
  deepStrictEqual(stats(aggregate('0021', unknown, bytes, packets, '00000000000000')), {
    ...known,
    others: [{ ...other, behind: 0 }],
  })
  deepStrictEqual(stats(aggregate('0032', unknown, bytes, again, packets, unknown, '000000000000')), {
    ...{ packets: 1n, bytes: 9n },
    others: [{ ...other, behind: 0 }, { ...twice, body: octets(0, 0, 0, 0, 0, 0, 0, 7) }, other],
  })
})

t.test('a message in a bundle has the version of the bundle', async () => {
  const BAD_VERSION = { errorType: 0xffff, experimenter: 0x2320, code: 22 }
  const barrier = (version: string): string => `00000001 0000 0003 ${version} 14 0008 00000005`
  kept(message(6, 34, barrier('06')))
  refused(message(6, 34, barrier('04')), 16, BAD_VERSION)
  refused(message(5, 34, barrier('06')), 16, BAD_VERSION)
  refused(message(4, 4, `4f4e4600 000008fd ${barrier('06')}`), 24, BAD_VERSION)
  const inner: Message = { type: 'barrier_request', version: 4 }
  const sent = encode({ type: 'bundle_add', version: 5, bundle: 1, flags: 3, message: inner })
  deepStrictEqual(sent[16], 5)
})

t.test('a forwarded message of another version is kept as it came', async () => {
  const mod = '0f 0010 00000007 0002 00 00 fffffffc'
  const as = (version: number) => ({ type: 'requestforward', message: { version, xid: 7 } })
  const body = Uint8Array.from(Buffer.from('00020000fffffffc', 'hex'))
  t.match(kept(message(5, 32, `05 ${mod}`)), { message: { ...as(5).message, type: 'group_mod', command: 'delete' } })
  t.match(kept(message(6, 32, `05 ${mod}`)), { message: { ...as(5).message, type: 'unknown', code: 15, body } })
  t.match(kept(message(4, 4, `4f4e4600 0000092e 04 ${mod}`)), { message: { type: 'group_mod' } })
  t.match(kept(message(4, 4, `4f4e4600 0000092e 06 ${mod}`)), { message: { type: 'unknown', version: 6 } })
  refused(message(6, 32, '05 0f 0018 00000007 0002 00 00 fffffffc'), 8, { errorType: 1, code: 6 })
})

t.test('a flow monitor of 1.3 does not have the flag onlyOwn, and keeps all others', async () => {
  const asked = (flags: string, match: string): Uint8Array =>
    message(4, 18, `ffff 0000 00000000 4f4e4600 0000074e 00000001 ${flags} ${match}`)
  const [empty, bare] = ['0004 00000003 ff 000000 00010004 00000000', '0000 00000003 ff 000000']
  for (const flags of ['0000', '003f', 'ff80']) for (const match of [empty, bare]) kept(asked(flags, match))
  for (const flags of ['0040', '007f'])
    refused(asked(flags, empty), 24, { errorType: 0xffff, experimenter: 0x2320, code: 7 })
})

t.test('a flow update without a body has 8 octets, as Open vSwitch requires', async () => {
  for (const version of [5, 6]) {
    for (const event of ['0004', '0005', '0006']) {
      const told = (length: string, more: string): Uint8Array =>
        message(version, 19, `0010 0000 00000000 ${length} ${event} 00000000 ${more}`)
      kept(told('0008', ''))
      refused(told('0010', '0000000000000000'), 16, { errorType: 1, code: 6 })
    }
  }
})

t.test('dec_ttl_cnt_ids without controllers, which has no text, is kept as octets', async () => {
  const none = 'ffff 0010 00002320 0015 0000 00000000'
  const out = kept(message(6, 13, `ffffffff 0010 0000 0001 0004 00000000 ${none}`))
  t.match(out, { type: 'packet_out', actions: [{ type: 'unknown', code: 0xffff, experimenter: 0x2320 }] })
})

t.test('flags, properties, buckets and instructions keep octets without a meaning', async () => {
  t.match(kept(message(5, 19, '0003 fffe 00000000')), { multipart: 'table', otherFlags: 0xfffe })
  t.match(kept(message(5, 19, '0003 8001 00000000')), { multipart: 'table', otherFlags: 0x8000, more: true })
  const long = [{ type: 'unknown', code: 5, body: octets(1, 0, 0) }]
  t.match(kept(message(6, 4, '00002320 0000001e 0005 0007 01 0000 00')), { type: 'packet_in2', properties: long })
  const bucket = '0010 0000 00000009 0000 0008 0007 0001'
  const buckets = [{ bucket: 9, actions: [], properties: [{ type: 'unknown', code: 0, body: octets(0, 7, 0, 1) }] }]
  const mod = kept(message(6, 15, `0000 00 00 00000005 0010 0000 ffffffff ${bucket}`))
  t.match(mod, { type: 'group_mod', buckets })
  t.notOk('weight' in ((mod as { buckets: readonly object[] }).buckets[0] ?? {}))
  const [head, metadata] = ['ffffffff ffffffff ffffffff 0000 0000 0001 0004 00000000', '0002 0019 00000000']
  const flow = `${'00'.repeat(24)} ${head} ${metadata} ${'00'.repeat(16)} 00`
  t.match(kept(message(6, 14, flow)), { instructions: [{ type: 'unknown', code: 2 }] })
})

t.test('B40 unknown types, actions, instructions, fields and multiparts are kept byte for byte', async () => {
  const flowMod = encode({
    type: 'flow_mod',
    command: 'add',
    table: 0,
    priority: 0,
    match: [
      { field: 'unknown', class: 0x7000, type: 5, hasMask: true, body: Uint8Array.of(1, 2, 3, 4) },
      { field: 'unknown', class: 0xffff, type: 5, hasMask: false, experimenter: 0xabcdef, body: Uint8Array.of(9) },
    ],
    instructions: [
      {
        type: 'apply_actions',
        actions: [
          { type: 'unknown', code: 99, body: Uint8Array.of(1, 2, 3, 4) },
          { type: 'unknown', code: 0xffff, experimenter: 0x2320, body: Uint8Array.of(0, 200, 1, 2, 3, 4, 5, 6) },
          { type: 'unknown', code: 0xffff, experimenter: 0x1234, body: Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8) },
        ],
      },
      { type: 'unknown', code: 0xffff, body: Uint8Array.of(1, 2, 3, 4) },
    ],
  })
  const others = [
    Uint8Array.of(6, 77, 0, 11, 0, 0, 0, 1, 1, 2, 3),
    Uint8Array.of(6, 4, 0, 16, 0, 0, 0, 1, 0, 0, 0x23, 0x20, 0, 0, 0, 9),
    Uint8Array.of(6, 19, 0, 18, 0, 0, 0, 1, 0, 99, 0, 1, 0, 0, 0, 0, 1, 2),
  ]
  for (const bytes of [flowMod, ...others]) deepStrictEqual(encode(decode(bytes)), bytes)
})

/** A flow_mod with this match and these actions, in hexadecimal. */
function flowMod(match: string, actions = ''): Uint8Array {
  const hex = (length: number): string => length.toString(16).padStart(4, '0')
  const fields = `0001${hex(4 + match.length / 2)}${match}`
  const padded = fields.padEnd(Math.ceil(fields.length / 16) * 16, '0')
  const instructions = actions === '' ? '' : `0004${hex(8 + actions.length / 2)}00000000${actions}`
  const body = `${'00'.repeat(24)}${'ff'.repeat(12)}00000000${padded}${instructions}`
  return new Uint8Array(Buffer.from(`060e${hex(8 + body.length / 2)}00000001${body}`, 'hex'))
}

t.test('B40 decoded messages are encoded as they came: unused bits of a field, older headers, padding', async () => {
  const matches = ['80000d041005ffff', '8000390800012345ffffffff', '0001d30800000020ffffffff', '800055040002ffff']
  for (const match of [...matches, '0001d1040001ffff', '80000c02f005', '80000a02884780004404000fffff']) {
    const bytes = flowMod(match)
    deepStrictEqual(encode(decode(bytes)), bytes, match)
  }
  const actions = [
    // output:NXM_NX_TUN_ID[0..31], and the same with the header of OpenFlow
    'ffff001800002320000f001f00012008ffff000000000000',
    'ffff001800002320000f001f80004c08ffff000000000000',
    // move:NXM_OF_IN_PORT[]->NXM_NX_REG0[0..15]; of all of ct_state; of more bits than the field has; with a masked header
    '001c001800100000000000000000000200010004'.padEnd(48, '0'),
    '001c00180020000000000000 0001d204 00010004'.replaceAll(' ', '').padEnd(48, '0'),
    '001c00180030000000000000 00010004 00010204'.replaceAll(' ', '').padEnd(48, '0'),
    '001c00180010000000000000 00010108 00010204'.replaceAll(' ', '').padEnd(48, '0'),
    // set_field:LOCAL->in_port; pop_queue; dec_ttl(1,2); dec_ttl with fewer ids than its count
    '0019001000000002fffe000000000000',
    'ffff0010000023200005000000000000',
    'ffff001800002320001500020000000000010002'.padEnd(48, '0'),
    'ffff001800002320001500090000000000010002'.padEnd(48, '0'),
    // Padding that is not zero, and more padding than necessary.
    '0000001000000001000000000000ff00',
    '0018001000000000'.padEnd(32, '0'),
  ]
  for (const action of actions) {
    const bytes = flowMod('', action)
    deepStrictEqual(encode(decode(bytes)), bytes, action)
  }
  const hello = Uint8Array.of(6, 0, 0, 24, 0, 0, 0, 1, 0, 1, 0, 12, 0, 0, 0, 0x40, 0x80, 0, 0, 0, 0, 0, 0, 0)
  deepStrictEqual(decode(hello), { version: 6, xid: 1, type: 'hello', versions: [6, 63] })
  deepStrictEqual(encode(decode(hello)), hello)
})

t.test('B40 deeply nested clones are kept as octets', async () => {
  for (const depth of [10, 100, 2500, 4000]) {
    let actions = ''
    for (let left = depth; left > 0; left -= 1) {
      actions += `ffff${(left * 16).toString(16).padStart(4, '0')}00002320002a000000000000`
    }
    const bytes = flowMod('', actions)
    deepStrictEqual(encode(decode(bytes)), bytes)
  }
  const barrier = encode({ type: 'barrier_request' })
  const bundled = (message: Uint8Array): Uint8Array =>
    new Uint8Array(
      Buffer.concat([Uint8Array.of(6, 34, 0, 16 + message.length, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 3), message]),
    )
  deepStrictEqual(decode(bundled(barrier)).type, 'bundle_add')
  throws(() => decode(bundled(bundled(barrier))), { code: 'malformed', error: { errorType: 17, code: 10 } })
})
